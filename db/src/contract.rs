//! The database contract: roles, functions, policies and grants, as SQL.
//!
//! A migration runs what this module returns, each statement on its own. It is the third layer, and it leans on
//! neither of the others.
//!
//! ```
//! use db::contract::{Contract, Membership};
//!
//! let contract = Contract::new(Membership::new("member", "organization_id", "user_id"))
//!     .prefix("app")?
//!     .login("trovella-app")?;
//! let statements = contract.install(None);
//! assert!(statements.iter().any(|sql| sql.contains("FUNCTION app.enter_tenant(")));
//! # Ok::<_, db::Error>(())
//! ```
//!
//! What it relies on is in PostgreSQL's documentation of
//! [row security policies](https://www.postgresql.org/docs/current/ddl-rowsecurity.html).

mod closed;
mod create_table;
mod function;
mod functions;
mod members;
mod on_tables;
mod owner;
mod plan;
mod policy;
mod protect;
mod public;
mod roles;
mod schema;
mod scoped_tables;
mod seal;
mod sequences;
mod sync;
mod tokens;
mod uninstall;

pub use crate::prefix::Prefix;
pub(crate) use closed::{Closed, SHARED};
pub(crate) use create_table::add_column;
pub(crate) use function::{Body, ENTER_TENANT, Executor, Function, SIGNATURES, Signature};
pub(crate) use on_tables::{Need, OnTables};
pub use owner::as_owner;
pub use plan::{LosingRole, Plan, PublicRight};
pub(crate) use policy::PolicyDeclaration;
pub(crate) use public::SET_CONFIG;
pub(crate) use roles::BEYOND_POLICIES;
pub use scoped_tables::{SCOPED_TABLE, ScopedTables};
pub use tokens::Tokens;

use crate::{Facade, Result, TableName, error::Kind, sql::do_block};

/// One application's contract: whose names it uses, and where it finds who is a member of what.
#[derive(Clone, Debug)]
#[must_use = "a contract is SQL; it does nothing until that is run"]
pub struct Contract {
    prefix: Prefix,
    login: String,
    membership: Membership,
    tokens: Option<Tokens>,
    /// Roles that are given what PUBLIC loses.
    kept: Vec<String>,
    /// Whether PUBLIC loses nothing.
    leave_public: bool,
}

/// The table that says who is a member of which organization.
#[derive(Clone, Debug)]
#[must_use = "a membership does nothing until a contract is given it"]
pub struct Membership {
    pub(crate) table: String,
    pub(crate) organization: String,
    pub(crate) user: String,
    pub(crate) role: Option<String>,
    pub(crate) ranks: Vec<String>,
    pub(crate) organizations: Option<(String, String)>,
}

impl Membership {
    /// Names the table, the column with the organization's id, and the column with the person's.
    pub fn new(table: &str, organization_column: &str, user_column: &str) -> Self {
        Self {
            table: table.to_owned(),
            organization: organization_column.to_owned(),
            user: user_column.to_owned(),
            role: None,
            ranks: Vec::new(),
            organizations: None,
        }
    }

    /// Names the column with the member's role, which a tenant context is opened with, and the roles that there are, the
    /// highest first: where an entity says `ranked`, nobody gives or takes a role above their own.
    pub fn role(mut self, column: &str, ranks: &[&str]) -> Self {
        self.role = Some(column.to_owned());
        self.ranks = ranks.iter().map(|&role| role.to_owned()).collect();
        self
    }

    /// Names the table of the organizations and the column with their id, so that each of them keeps a member of the
    /// highest role. It has a column `updated_at`, which is touched as such a member goes.
    pub fn organizations(mut self, table: &str, id_column: &str) -> Self {
        self.organizations = Some((table.to_owned(), id_column.to_owned()));
        self
    }
}

impl Contract {
    /// A contract over a membership table, with the prefix `app` and the login role `app_login`.
    pub fn new(membership: Membership) -> Self {
        Self {
            prefix: Prefix::default(),
            login: "app_login".to_owned(),
            membership,
            tokens: None,
            kept: Vec::new(),
            leave_public: false,
        }
    }

    /// Sets the prefix from which the names of the schema, the roles and the settings derive. Two applications
    /// on one server must not share it: roles are the server's, so the login of one could enter the scopes of
    /// the other.
    ///
    /// # Errors
    ///
    /// `is_configuration` if it is no lower-case SQL identifier of at most 40 characters, if it is `public`,
    /// `information_schema` or starts with `pg_`, or if the login role has the name of one of the contract's own roles then.
    pub fn prefix(mut self, prefix: &str) -> Result<Self> {
        self.prefix = Prefix::new(prefix)?;
        self.distinct_login()
    }

    /// Sets the name of the login role, which the pool connects as: any that PostgreSQL takes, `trovella-app` included.
    /// It is quoted wherever it stands, and so taken to the letter, capital letters and all. sqlx 0.9 does not log in
    /// by SCRAM with a name in which there is a comma, or a character that `SASLprep` prohibits, such as a line break
    /// or an emoji.
    ///
    /// # Errors
    ///
    /// `is_configuration` if PostgreSQL does not take it: if it is empty, longer than 63 bytes, `public`, `none`, starts
    /// with `pg_` or has a NUL in it; or if it is the name of one of the contract's own roles, such as `app_tenant`.
    pub fn login(mut self, login: &str) -> Result<Self> {
        roles::check_name(login)?;
        login.clone_into(&mut self.login);
        self.distinct_login()
    }

    /// One role could not be both: the pool's, which may do nothing, and a scope's.
    fn distinct_login(self) -> Result<Self> {
        if self.prefix.roles().contains(&self.login) {
            let why =
                format!("the login role `{}` cannot be a role that the contract makes for its scopes", self.login);
            return Err(Kind::Configuration(why.into()).into());
        }
        Ok(self)
    }

    /// Returns what it was told of the membership table.
    #[cfg(feature = "testing")]
    pub(crate) fn membership(&self) -> &Membership {
        &self.membership
    }

    /// Returns the name of the login role.
    #[must_use]
    pub fn login_role(&self) -> &str {
        &self.login
    }

    /// Returns the prefix.
    #[must_use]
    pub fn prefix_name(&self) -> &Prefix {
        &self.prefix
    }

    /// Returns the statements that make the roles, the schema and the functions. They may be run again, and on
    /// a server where the roles exist already. `password` is set on the login role if the statements make it.
    ///
    /// A schema of that name which no contract has made is refused, and so are roles that somebody uses for something
    /// else.
    ///
    /// What PUBLIC loses by it others may need: [`plan`](Self::plan) says who, beforehand; [`keep_for`](Self::keep_for)
    /// and [`leave_public`](Self::leave_public) leave it to them.
    ///
    /// The membership table need not exist yet; [`protect_membership`](Self::protect_membership) goes after it.
    #[must_use]
    pub fn install(&self, password: Option<&str>) -> Vec<String> {
        [
            vec![self.make_schema()],
            self.create_roles(password),
            self.open_schema(),
            self.drop_secret(),
            self.make_own_functions(),
            self.close_public(),
        ]
        .concat()
    }

    /// Returns the statements that put the table of `F` under row-level security, with the policies and grants
    /// that the scopes of its entity ask for. To be run when the table is made, and again when it gains a
    /// column or its entity another scope.
    #[must_use]
    pub fn protect<F: Facade>(&self) -> Vec<String> {
        self.prefix.protect_table(&TableName::of::<F>().sql(), F::SCOPES, &crate::scope::facade::fixed_columns::<F>())
    }

    /// Returns the statements that protect the membership table: the functions may read it, members are changed by the
    /// role that the changing member has at that moment, and each organization keeps a member of the highest role.
    ///
    /// Run them after [`protect`](Self::protect) of the membership table and of the organizations' table, each time.
    #[must_use]
    pub fn protect_membership(&self) -> Vec<String> {
        self.on_membership().statements(self)
    }

    /// Returns the statements that take back [`protect`](Self::protect): the table of `F` is then without row-level
    /// security and policies of the contract, and its roles have no right on it. Policies of others stay, and have then
    /// no effect.
    ///
    /// # This widens power
    ///
    /// Whoever has a right on the table sees the rows of all tenants.
    #[must_use]
    pub fn unprotect<F: Facade>(&self) -> Vec<String> {
        self.prefix.unprotect_table(&TableName::of::<F>().sql())
    }

    /// Returns the statement that keeps the column `updated_at` of the table of `F`.
    #[must_use]
    pub fn keep_updated_at<F: Facade>(&self) -> String {
        self.prefix.updated_at_trigger(&TableName::of::<F>().sql())
    }
}

impl Contract {
    /// The table of the seal, and the functions.
    fn make_own_functions(&self) -> Vec<String> {
        let seal = [vec![self.become_gate(true)], self.make_seal(), vec![self.become_gate(false)]].concat();
        [seal, self.make_functions(&self.own_functions())].concat()
    }
}

/// Wraps statements into a `DO` block, which PostgreSQL runs as one.
fn block(body: &str) -> String {
    do_block(&format!("BEGIN\n{body}\nEND"))
}

/// Returns the name of a table with its schema; `public` where it names none. What runs as somebody else finds the table by
/// that alone.
fn named(table: &str) -> TableName {
    let table = TableName::from(table);
    TableName::new(table.schema().or(Some("public")), table.name())
}
