//! The groups of probes.

mod cascades;
mod deletes;
mod inserts;
mod moves;
mod reads;
mod references;
mod roles;
mod uniques;
mod updates;
mod upserts;
mod verbs;

use super::{Result, probe::Probe, report::Outcome, session::Session, subject::Subject, world::World};
use crate::scope::ScopeDeclaration;

/// A group of probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// Rows, counts, locks, samples, copies, and what a function in the filter is shown.
    Reads,
    Updates,
    Deletes,
    /// Rows that are put among another's.
    Inserts,
    Upserts,
    /// Writes to the columns of the scope and of the key.
    Moves,
    /// Rows that point at another's.
    References,
    /// Whether a conflict tells what another has.
    Uniques,
    /// What goes with a row of one's own.
    Cascades,
    /// The login role, in no context.
    Login,
    /// The roles of scopes, out of their contexts.
    Roles,
    /// The scoped verbs, which carry a predicate of their own.
    Verbs,
}

impl Group {
    pub(super) const ALL: [Self; 12] = [
        Self::Reads,
        Self::Updates,
        Self::Deletes,
        Self::Inserts,
        Self::Upserts,
        Self::Moves,
        Self::References,
        Self::Uniques,
        Self::Cascades,
        Self::Login,
        Self::Roles,
        Self::Verbs,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Updates => "updates",
            Self::Deletes => "deletes",
            Self::Inserts => "inserts",
            Self::Upserts => "upserts",
            Self::Moves => "moves",
            Self::References => "references",
            Self::Uniques => "uniques",
            Self::Cascades => "cascades",
            Self::Login => "login",
            Self::Roles => "roles",
            Self::Verbs => "verbs",
        }
    }

    /// Runs the probes on an entity, from each of its scopes.
    pub(super) async fn run(self, world: &World, subject: &Subject, session: &mut Session) -> Result<Outcome> {
        match self {
            Self::Login => return roles::login(world, subject, session).await,
            Self::Roles => return roles::run(world, subject, session).await,
            Self::Verbs => return verbs::run(world, subject, &session.database).await,
            _ => {}
        }
        let mut all = Outcome::default();
        for declared in subject.entity.scopes {
            all.add(self.run_in(world, subject, declared, session).await?);
        }
        Ok(all)
    }

    /// Runs the probes from one scope.
    pub(super) async fn run_in(
        self,
        world: &World,
        subject: &Subject,
        declared: &'static ScopeDeclaration,
        session: &mut Session,
    ) -> Result<Outcome> {
        let mut probe = Probe::open(world, subject, declared, session).await?;
        match self {
            Self::Reads => reads::run(&mut probe, declared).await?,
            Self::Updates => updates::run(&mut probe, declared).await?,
            Self::Deletes => deletes::run(&mut probe, declared).await?,
            Self::Inserts => inserts::run(&mut probe, declared).await?,
            Self::Upserts => upserts::run(&mut probe, declared).await?,
            Self::Moves => moves::run(&mut probe).await?,
            Self::References => references::run(&mut probe, declared).await?,
            Self::Uniques => uniques::run(&mut probe).await?,
            Self::Cascades => cascades::run(&mut probe).await?,
            // Not of one scope.
            Self::Login | Self::Roles | Self::Verbs => {}
        }
        probe.close().await
    }
}
