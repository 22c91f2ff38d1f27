//! Since when the connections of a pool are out of date.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// When a connection of the pool was last found to be good for nothing more: its prepared statements are those of
/// another schema, or its server has become a standby. Those that are as old have the same to say.
#[derive(Debug, Default)]
pub(crate) struct Outdated(Mutex<Option<Instant>>);

impl Outdated {
    /// Makes all connections that there are ones to be replaced.
    pub(crate) fn mark(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Returns whether a connection of that age is one of them.
    pub(crate) fn has(&self, age: Duration) -> bool {
        let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() <= age)
    }
}
