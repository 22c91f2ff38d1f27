//! A program: what each tenant does, in one order.

use std::fmt;

use crate::{
    op::Op,
    values::{Literal, Table},
};

/// Rows that are there from the beginning, and steps that the tenants take in turn.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) rows: [Vec<NewRow>; 3],
    pub(crate) steps: Vec<Step>,
}

/// A step of a tenant's.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) tenant: usize,
    pub(crate) action: Action,
}

/// What a tenant does. A context is opened by the first step that needs one, and closed at the end if by no other.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Do(Op),
    /// In a savepoint of its own.
    Try(Op),
    Savepoint,
    /// Closes the innermost level that is open: keeps or commits it.
    Keep,
    /// Closes the innermost level that is open: takes it back.
    TakeBack,
}

/// A row to be inserted. A column that has a default may be unset, and so may a key, which is then made.
#[derive(Clone)]
pub(crate) struct NewRow {
    pub(crate) table: Table,
    pub(crate) values: Vec<Option<Literal>>,
}

impl fmt::Debug for NewRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {{", self.table.name())?;
        let set = self.table.columns().iter().zip(&self.values);
        for (place, ((name, _), value)) in set.filter(|(_, value)| value.is_some()).enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma} {name}: {:?}", value.unwrap())?;
        }
        f.write_str(" }")
    }
}

/// A list of steps, to be read.
impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (tenant, rows) in NAMES.iter().zip(&self.rows) {
            for row in rows {
                writeln!(f, "   {tenant} has {row:?}")?;
            }
        }
        for (place, Step { tenant, action }) in self.steps.iter().enumerate() {
            writeln!(f, "{place:>2} {}: {action:?}", NAMES[*tenant])?;
        }
        Ok(())
    }
}

pub(crate) const NAMES: [&str; 3] = ["A", "B", "C"];
