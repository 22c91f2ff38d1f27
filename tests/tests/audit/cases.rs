//! The faults, each by the code that finds it and by what causes it. `$p` is the prefix.

mod constraints;
mod databases;
mod drift;
mod elsewhere;
mod functions;
mod logins;
mod policies;
mod roles;
mod sequences;
mod shared;
mod tables;
mod undeclared;
mod views;

use db::{
    Registry,
    audit::{Code, Severity},
};

use crate::note::{Note, application};

/// A database with one fault.
pub(crate) struct Case {
    pub(crate) code: Code,
    /// What makes it so, in words.
    pub(crate) cause: &'static str,
    pub(crate) severity: Severity,
    /// What has it.
    pub(crate) object: &'static str,
    /// The entities of the program.
    pub(crate) registry: Registry,
    /// What is there before, and is no fault.
    pub(crate) given: Vec<String>,
    pub(crate) fault: Vec<String>,
    /// Whether the repair is SQL that can be run.
    pub(crate) mends: bool,
    /// The first major version of PostgreSQL that can have it.
    pub(crate) since: i32,
}

impl Case {
    fn new(code: Code, cause: &'static str, object: &'static str, fault: &[&str]) -> Self {
        Self {
            code,
            cause,
            severity: code.severity(),
            object,
            registry: application(),
            given: Vec::new(),
            fault: fault.iter().map(|&sql| sql.to_owned()).collect(),
            mends: true,
            since: 0,
        }
    }

    fn severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    fn given(mut self, sql: &[&str]) -> Self {
        self.given.extend(sql.iter().map(|&sql| sql.to_owned()));
        self
    }

    /// With the entity `Note`, and its table.
    fn with_note(mut self) -> Self {
        self.registry = self.registry.with::<Note>();
        let migrator = migration::Migrator::new("prefix_of_a_test", "login_of_a_test", None).unwrap();
        let statements = migrator.contract().create_table::<Note>(&Registry::collect()).unwrap();
        self.given.extend(statements.iter().map(|sql| sql.replace("prefix_of_a_test", "$p")));
        self
    }

    fn accept(mut self, code: Code, object: &'static str) -> Self {
        self.registry = self.registry.accept(code, object, "this case is about another fault");
        self
    }

    /// Where what repairs it is for people to decide, and the print only says what.
    fn without_repair(self) -> Self {
        Self { mends: false, ..self }
    }

    fn since(self, since: i32) -> Self {
        Self { since, ..self }
    }
}

pub(crate) fn cases() -> Vec<Case> {
    [
        roles::cases(),
        logins::cases(),
        sequences::cases(),
        tables::cases(),
        undeclared::cases(),
        elsewhere::cases(),
        policies::cases(),
        views::cases(),
        functions::cases(),
        shared::cases(),
        constraints::cases(),
        databases::cases(),
        drift::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl Case {
    /// The table of `Note`, whose entity is there.
    fn with_table_of_note(mut self) -> Self {
        self.given = Self::new(self.code, "", "", &[]).with_note().given;
        self
    }
}
