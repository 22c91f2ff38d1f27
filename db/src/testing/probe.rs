//! One entity, attacked from one context.

use super::{
    Result,
    fill::Line,
    judge::{CHANGES, Judge, scope_key},
    report::Outcome,
    session::{Refused, Session},
    subject::{Subject, View},
    world::World,
};
use crate::{ScopeKind, scope::ScopeDeclaration};

/// A transaction of the login role, opened by the real message, and the rows that are foreign in it.
#[derive(Debug)]
pub(super) struct Probe<'w> {
    pub(super) world: &'w World,
    pub(super) subject: &'w Subject,
    pub(super) scope: Option<ScopeKind>,
    pub(super) declared: Option<&'static ScopeDeclaration>,
    pub(super) session: &'w mut Session,
    /// What opened the transaction.
    pub(super) message: String,
    pub(super) outcome: Outcome,
}

/// What a statement did.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) lines: Vec<String>,
    pub(super) changed: bool,
}

impl<'w> Probe<'w> {
    /// Opens a context of a scope for the hostile side, on a database.
    pub(super) async fn open(
        world: &'w World,
        subject: &'w Subject,
        declared: &'static ScopeDeclaration,
        session: &'w mut Session,
    ) -> Result<Self> {
        let message = world.message(declared.scope);
        Self::with(world, subject, Some(declared), message, session).await
    }

    /// Opens a transaction by another message; nothing in it is the attacker's own.
    pub(super) async fn with(
        world: &'w World,
        subject: &'w Subject,
        declared: Option<&'static ScopeDeclaration>,
        message: &str,
        session: &'w mut Session,
    ) -> Result<Self> {
        session.run(message).await?;
        let scope = declared.map(|declared| declared.scope);
        Ok(Self { world, subject, scope, declared, session, message: message.to_owned(), outcome: Outcome::default() })
    }

    /// Rolls back.
    pub(super) async fn close(self) -> Result<Outcome> {
        self.session.run("ROLLBACK").await?;
        Ok(self.outcome)
    }

    pub(super) fn view(&self) -> Option<&'w View> {
        self.subject.view(self.scope?)
    }

    /// Returns the rows of the table that are the context's own.
    pub(super) fn own(&self) -> &'w [Line] {
        self.view().map_or(&[], |view| &view.own)
    }

    /// Returns some rows of the table that are not.
    pub(super) fn foreign(&self) -> &'w [Line] {
        let foreign = self.view().map_or(&[][..], |view| &view.foreign);
        &foreign[..foreign.len().min(3)]
    }

    /// Sends a statement, and takes it back: it is judged by the rows.
    pub(super) async fn attack(&mut self, sql: &str) -> Result<()> {
        self.answer(sql).await.map(drop)
    }

    /// Sends a statement, and takes it back. Whether it touched a row that is not the context's own is judged by the
    /// rows.
    pub(super) async fn answer(&mut self, sql: &str) -> Result<Result<Done, Refused>> {
        self.session.run("SAVEPOINT probe").await?;
        let answer = match self.session.ask(sql).await? {
            // What waits for the end is looked at now.
            Ok(lines) => self.session.ask("SET CONSTRAINTS ALL IMMEDIATE").await?.map(|_| lines),
            Err(refused) => Err(refused),
        };
        let done = match answer {
            Ok(lines) => {
                let changes = self.session.lines(CHANGES).await?;
                self.judge(sql, &changes);
                Ok(Done { lines, changed: !changes.is_empty() })
            }
            Err(refused) => Err(refused),
        };
        self.session.run("ROLLBACK TO SAVEPOINT probe; RELEASE SAVEPOINT probe").await?;
        Ok(done)
    }

    /// Returns the scope column, and the key that rows of the context's own have in it.
    pub(super) fn scope_key(&self) -> Option<(&'static str, String)> {
        scope_key(self.world, self.declared?)
    }

    fn judge(&mut self, sql: &str, changes: &[String]) {
        let judge =
            Judge { world: self.world, subject: self.subject, declared: self.declared, own_key: self.scope_key() };
        for what in judge.breaches(changes) {
            self.outcome.breach(self.scope, &what, sql);
        }
    }

    /// Returns the columns that an insert gives.
    pub(super) fn columns(&self) -> Vec<String> {
        self.world.catalog.tables[self.subject.table].written().map(|column| column.name.clone()).collect()
    }
}
