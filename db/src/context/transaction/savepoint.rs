//! Savepoints within a transaction.

use super::{
    Connection, Transaction,
    connection::{State, savepoint_name},
};
use crate::{Result, error::Kind};

/// One level of one transaction: 0 is the transaction itself, each savepoint is one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    pub(super) transaction: u64,
    pub(super) savepoints: usize,
}

impl Transaction {
    /// Returns the innermost level that is open.
    pub(crate) fn level(&self) -> Level {
        Level { transaction: self.id, savepoints: self.savepoints }
    }

    /// Returns the connection for the end of a level, which has to be the innermost. Another is where a savepoint's
    /// future was leaked, or two contexts were swapped; then nothing that is sent would mean what its sender thinks.
    pub(super) fn ending(&mut self, level: Level) -> Result<&mut Connection> {
        let is_innermost = self.level() == level;
        let connection = self.connection_mut()?;
        if is_innermost || matches!(connection.state, State::Busy | State::Lost) {
            return Ok(connection);
        }
        connection.state = State::Lost;
        Err(Kind::Interrupted.into())
    }

    /// Opens a savepoint, and returns its level.
    pub(crate) async fn start_savepoint(&mut self) -> Result<Level> {
        let name = savepoint_name(self.savepoints + 1);
        self.connection_mut()?.run_command(format!("SAVEPOINT {name}")).await?;
        self.savepoints += 1;
        Ok(self.level())
    }

    /// Keeps what was done since the savepoint.
    pub(crate) async fn release_savepoint(&mut self, savepoint: Level) -> Result<()> {
        let connection = self.ending(savepoint)?;
        let release = format!("RELEASE SAVEPOINT {}", savepoint_name(savepoint.savepoints));
        // Where a statement has failed nothing is sent, and this fails too.
        let result = connection.run_command(release).await;
        if connection.state == State::Aborted {
            // If this fails, so does the commit.
            connection.take_back(savepoint.savepoints).await.ok();
        }
        self.leave(savepoint);
        result
    }

    /// Takes back what was done since the savepoint. Where that fails, the level outside cannot be kept either.
    pub(crate) async fn roll_back_to_savepoint(&mut self, savepoint: Level) -> Result<()> {
        let result = self.ending(savepoint)?.take_back(savepoint.savepoints).await;
        self.leave(savepoint);
        result
    }

    /// Takes it back with the next statement, for a savepoint whose future was dropped.
    pub(crate) fn abandon_savepoint(&mut self, savepoint: Level) {
        if let Ok(connection) = self.ending(savepoint) {
            connection.abandon(savepoint.savepoints);
            self.leave(savepoint);
        }
    }

    fn leave(&mut self, savepoint: Level) {
        self.savepoints = savepoint.savepoints.saturating_sub(1);
    }
}
