//! One thing that a program does, in each of the ways in which it can.

use std::fmt;

use futures::future::BoxFuture;
use serde::Serialize;

use crate::link::Link;

/// In which way something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Way {
    /// The statement alone, on an open connection, as a superuser, with the tenant in its `WHERE`.
    Bare,
    /// `COPY`, on an open connection, as a superuser.
    Copy,
    /// A transaction of SeaORM's with one setting, which a plain policy compares: nobody asks for members, and nothing is
    /// sealed.
    ByHand,
    /// A context whose seal was taken out of the entry function and the policies.
    Unsealed,
    /// A context.
    Ours,
}

impl Way {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Copy => "COPY",
            Self::ByHand => "by hand",
            Self::Unsealed => "without seal",
            Self::Ours => "ours",
        }
    }
}

/// Does it once. The number says which tenant's turn it is.
pub(crate) type Op = for<'a> fn(&'a Link, usize) -> BoxFuture<'a, ()>;

/// One thing that a program does.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) ways: Vec<(Way, Op)>,
    /// What is done after each round, and not measured.
    pub(crate) after: Option<Op>,
    /// How often it is done in a round at most.
    pub(crate) most: usize,
    /// How many rounds there are by default.
    pub(crate) rounds: usize,
}

impl Case {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, ways: Vec::new(), after: None, most: 500, rounds: 15 }
    }

    /// Makes it one that takes so long that it is done once in a round, and for fewer rounds.
    pub(crate) fn long(self, rounds: usize) -> Self {
        Self { most: 1, rounds, ..self }
    }

    /// Returns whether it is done once in a round.
    pub(crate) fn is_long(&self) -> bool {
        self.most == 1
    }

    /// Says how it is done in one way.
    pub(crate) fn way(mut self, way: Way, op: Op) -> Self {
        self.ways.push((way, op));
        self
    }

    pub(crate) fn bare(self, op: Op) -> Self {
        self.way(Way::Bare, op)
    }

    pub(crate) fn by_hand(self, op: Op) -> Self {
        self.way(Way::ByHand, op)
    }

    pub(crate) fn ours(self, op: Op) -> Self {
        self.way(Way::Ours, op)
    }

    /// Says what is done after each round.
    pub(crate) fn after(self, op: Op) -> Self {
        Self { after: Some(op), ..self }
    }

    /// Returns how it is done in one way.
    pub(crate) fn op(&self, way: Way) -> Option<Op> {
        self.ways.iter().find(|(of, _)| *of == way).map(|(_, op)| *op)
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("name", &self.name).finish_non_exhaustive()
    }
}
