//! Bringing a database to the contract as it is now.

use super::Contract;
use crate::{
    Registry,
    sql::{do_block, literal},
};

impl Contract {
    /// Returns the statements that bring a database to this contract as it is now: its roles, schema and functions, as
    /// [`install`](Self::install) makes them; the policies, grants and triggers of each entity's table; and what its
    /// functions need of the tables of members and of tokens.
    ///
    /// It is for a migration that comes with a new version of this crate, or with an entity whose scopes have changed: it
    /// lists no entities. They may be run again. A table that is not there yet is passed over: the migration that makes
    /// it protects it. Nothing is dropped but what is made again.
    ///
    /// Policies are dropped and made again, so each table is locked for a moment (`ACCESS EXCLUSIVE`) until the
    /// migration's transaction ends.
    #[must_use]
    pub fn sync(&self, registry: &Registry) -> Vec<String> {
        let mut statements = self.install(None);
        for entity in registry.entities() {
            let table = entity.table_name().sql();
            statements.push(where_there_is(&[table], &self.prefix.protect_entity(&entity.data)));
        }
        for made in [self.on_membership(), self.on_tokens()] {
            let tables: Vec<_> = made.needs.iter().map(|need| need.table.sql()).collect();
            statements.push(where_there_is(&tables, &made.statements(self)));
        }
        statements.push(self.drop_question());
        statements
    }
}

/// Wraps statements into one that runs them where all of the tables are there.
fn where_there_is(tables: &[String], statements: &[String]) -> String {
    let tables: Vec<_> = tables.iter().map(|table| literal(table)).collect();
    let statements: Vec<_> = statements.iter().map(|statement| format!("EXECUTE {};", literal(statement))).collect();
    do_block(&format!(
        "BEGIN
           IF EXISTS (SELECT FROM pg_catalog.unnest(ARRAY[{}]::text[]) name WHERE pg_catalog.to_regclass(name) IS NULL) THEN
             RETURN;
           END IF;
           {}
         END",
        tables.join(", "),
        statements.join("\n           "),
    ))
}
