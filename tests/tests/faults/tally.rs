//! What became of the transactions.

use std::{collections::BTreeMap, fmt};

/// How many transactions ended in each way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(BTreeMap<&'static str, usize>);

impl Tally {
    pub(crate) fn count(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    pub(crate) fn of(&self, what: &str) -> usize {
        self.0.get(what).copied().unwrap_or_default()
    }

    /// Returns the first of them that has not happened yet.
    pub(crate) fn missing<'a>(&self, whats: &[&'a str]) -> Option<&'a str> {
        whats.iter().copied().find(|what| self.of(what) == 0)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (what, count)) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{count} {what}")?;
        }
        Ok(())
    }
}

/// The name of a fault in a tally.
pub(crate) fn name(error: &db::Error) -> &'static str {
    match error {
        error if error.is_outcome_unknown() => "outcome unknown",
        error if error.is_connection_lost() => "connection lost",
        error if error.is_statement_timeout() => "statement timed out",
        error if error.sqlstate() == Some("55P03") => "lock timed out",
        error if error.is_pool_timeout() => "pool timed out",
        error if error.is_unreachable() => "unreachable",
        error if error.is_login_refused() => "login refused",
        error if error.is_serialization_failure() => "deadlock",
        _ => "another error",
    }
}
