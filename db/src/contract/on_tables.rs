//! What the contract makes on the application's own tables for its functions, beside the policies of the scopes.

use super::{
    Contract,
    function::{Function, Signature},
    policy::PolicyDeclaration,
    protect::use_schema_of,
};
use crate::{scope::TableName, sql::quote};

/// Columns of a table on which the definer role has a privilege.
#[derive(Clone, Debug)]
pub(crate) struct Need {
    pub(crate) table: TableName,
    /// `SELECT` or `UPDATE`.
    pub(crate) privilege: &'static str,
    pub(crate) columns: Vec<String>,
}

/// A trigger of the contract's.
#[derive(Clone, Debug)]
pub(crate) struct Trigger {
    pub(crate) name: &'static str,
    pub(crate) table: TableName,
    /// When it is set off: `BEFORE UPDATE OF "role" OR DELETE`.
    event: String,
    function: &'static Signature,
}

/// What the functions that look at one table of the application's need there, and set off.
#[derive(Clone, Debug, Default)]
pub(crate) struct OnTables {
    pub(crate) needs: Vec<Need>,
    /// The definer role's.
    pub(crate) policies: Vec<(TableName, PolicyDeclaration)>,
    pub(crate) functions: Vec<Function>,
    pub(crate) triggers: Vec<Trigger>,
}

/// The policies that a contract may make for the definer role.
pub(super) const POLICIES: [&str; 5] = [MEMBERSHIP, ORGANIZATION, ORGANIZATION_TOUCH, TOKEN_LOOKUP, TOKEN_USE];
pub(super) const MEMBERSHIP: &str = "gate_membership";
pub(super) const ORGANIZATION: &str = "gate_organization";
pub(super) const ORGANIZATION_TOUCH: &str = "gate_organization_touch";
pub(super) const TOKEN_LOOKUP: &str = "gate_token_lookup";
pub(super) const TOKEN_USE: &str = "gate_token_use";

impl OnTables {
    pub(super) fn need(&mut self, table: &TableName, privilege: &'static str, columns: &[&str]) {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        self.needs.push(Need { table: table.clone(), privilege, columns });
    }

    /// Lets the definer role see, or write, every row of a table; what it was granted there says of which columns.
    pub(super) fn let_through(&mut self, contract: &Contract, name: &str, command: &'static str, table: &TableName) {
        let all = || Some("true".to_owned());
        self.policies.push((
            table.clone(),
            PolicyDeclaration {
                name: name.to_owned(),
                role: contract.prefix.gate(),
                permissive: true,
                command,
                using: all(),
                check: all().filter(|_| command == "UPDATE"),
            },
        ));
    }

    /// Has a function run where rows of a table are changed.
    pub(super) fn trigger(&mut self, table: &TableName, event: String, function: Function) {
        let signature = function.signature;
        self.triggers.push(Trigger { name: signature.name, table: table.clone(), event, function: signature });
        self.functions.push(function);
    }

    /// Returns the statements that make all of it. They may be run again.
    pub(crate) fn statements(&self, contract: &Contract) -> Vec<String> {
        let (prefix, gate) = (&contract.prefix, contract.prefix.gate());
        let mut statements = Vec::new();
        for Need { table, privilege, columns } in &self.needs {
            let columns: Vec<_> = columns.iter().map(|column| quote(column)).collect();
            statements.push(use_schema_of(&table.sql(), std::slice::from_ref(&gate)));
            statements.push(format!("GRANT {privilege} ({}) ON {} TO {gate}", columns.join(", "), table.sql()));
        }
        for (table, policy) in &self.policies {
            let table = table.sql();
            statements.push(format!("DROP POLICY IF EXISTS {} ON {table}", policy.name));
            statements.push(policy.create(&table));
        }
        statements.extend(contract.make_functions(&self.functions));
        statements.extend(self.triggers.iter().map(|Trigger { name, table, event, function }| {
            let function = function.listed();
            format!(
                "CREATE OR REPLACE TRIGGER {name} {event} ON {} FOR EACH ROW EXECUTE FUNCTION {prefix}.{function}",
                table.sql()
            )
        }));
        statements
    }

    /// Returns the statements that take it back; functions included, of which no other table has a use.
    pub(super) fn drop(&self, contract: &Contract) -> Vec<String> {
        let (prefix, gate) = (&contract.prefix, contract.prefix.gate());
        let triggers = self.triggers.iter();
        let mut statements: Vec<_> = triggers
            .map(|trigger| format!("DROP TRIGGER IF EXISTS {} ON {}", trigger.name, trigger.table.sql()))
            .collect();
        // Owned by the definer role, which the owner of the schema may drop all the same.
        let functions = self.functions.iter();
        statements.extend(
            functions.map(|function| format!("DROP FUNCTION IF EXISTS {prefix}.{}", function.signature.listed())),
        );
        for (table, policy) in &self.policies {
            statements.push(format!("DROP POLICY IF EXISTS {} ON {}", policy.name, table.sql()));
        }
        let mut tables: Vec<_> = self.needs.iter().map(|need| need.table.sql()).collect();
        tables.dedup();
        statements.extend(tables.iter().map(|table| format!("REVOKE ALL ON {table} FROM {gate}")));
        statements
    }
}

impl Contract {
    /// Returns what the definer role is granted on tables.
    pub(crate) fn needs(&self) -> impl Iterator<Item = Need> {
        [self.on_membership(), self.on_tokens()].into_iter().flat_map(|made| made.needs)
    }
}
