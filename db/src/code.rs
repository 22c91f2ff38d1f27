//! What an audit can find.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "callers compare them, and map them to levels of their own")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Nothing crosses a tenant by it alone.
    Warn,
    /// Rows can cross tenants, or the code is wrong about the database.
    Error,
}

impl Severity {
    /// Returns the name: `info`, `warn` or `error`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Makes the enum, its list, and the texts of each code, so that none can be forgotten.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $code:ident = $name:literal, $severity:ident;)*) => {
        /// What an audit can find, by a name that stays: `"unique-without-scope"`.
        ///
        /// The severity of a finding is that of its code, unless the documentation says otherwise.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $code,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$code),*];

            /// Returns the name, as in reports.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }

            /// Returns how bad it is, where nothing makes it better or worse.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$code => Severity::$severity,)*
                }
            }

            /// Returns what it means, in a sentence or two.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$code => concat!($($doc),+).trim_ascii_start(),)*
                }
            }
        }
    };
}

codes! {
    // Roles.
    /// The login role or a scope role is a superuser, or can become one: no policy holds for it.
    RoleSuperuser = "role-superuser", Error;
    /// The login role or a scope role has BYPASSRLS, or can become a role that has: it sees every tenant's rows.
    RoleBypassesRls = "role-bypasses-rls", Error;
    /// The login role or a scope role has REPLICATION, or can become a role that has: it reads the changes of all
    /// tables.
    RoleReplicates = "role-replicates", Error;
    /// The login role or a scope role has CREATEROLE, or can become a role that has: it can give itself other roles.
    RoleCreatesRoles = "role-creates-roles", Error;
    /// The login role or a scope role can become the owner of tables or other objects, or of the functions that open a
    /// context.
    RoleBecomesOwner = "role-becomes-owner", Error;
    /// The login role or a scope role is in a role of PostgreSQL's own that reads or writes beyond all policies, such
    /// as `pg_read_all_data`.
    RoleReadsAll = "role-reads-all", Error;
    /// The login role has the rights of a scope role without becoming it: a statement outside of a context would run.
    LoginInheritsScope = "login-inherits-scope", Error;
    /// The login role has a privilege of its own, where all of its rights should come with a context.
    LoginHasPrivileges = "login-has-privileges", Error;
    /// The login role or a scope role may hand a role on to others.
    MembershipAdminOption = "membership-admin-option", Error;
    /// The login role or a scope role owns an object, and an owner may change its policies and rights.
    RoleOwnsObject = "role-owns-object", Error;
    /// A scope role can log in, and so be used without a context.
    ScopeRoleLogsIn = "scope-role-logs-in", Warn;
    /// The login role or a scope role can become a role that has rights on scoped tables of its own, or a scope role
    /// another one.
    RoleReachesRows = "role-reaches-rows", Error;
    /// The definer role, as which contexts are opened, may do more than that, or somebody can become it.
    DefinerRoleChanged = "definer-role-changed", Error;
    /// A setting that a role or the database fixes decides the role, row-level security or whose rows are seen.
    SettingFixed = "setting-fixed", Error;

    // Tables.
    /// A table with rows of tenants has no row-level security: whoever may read it reads all.
    TableWithoutRls = "table-without-rls", Error;
    /// A table has policies, and its row-level security is off: they do nothing.
    PoliciesWithoutRls = "policies-without-rls", Error;
    /// Row-level security does not hold for the table's owner, nor for what runs as the owner.
    TableRlsNotForced = "table-rls-not-forced", Error;
    /// Row-level security is on and there is no policy: nobody sees a row.
    RlsWithoutPolicies = "rls-without-policies", Warn;
    /// A scope column may be null: such a row belongs to nobody.
    ScopeColumnNullable = "scope-column-nullable", Error;
    /// A scope column is no `uuid`: it is compared by a cast, or not as what it is.
    ScopeColumnType = "scope-column-type", Error;
    /// The login role or a scope role has a privilege that row-level security does not filter: TRUNCATE empties every
    /// tenant, REFERENCES and TRIGGER see others' rows, MAINTAIN locks everybody out.
    GrantUnfiltered = "grant-unfiltered", Error;
    /// The login role or a scope role may hand on a privilege, to roles that no audit asks about.
    GrantOption = "grant-option", Error;
    /// Everybody has a privilege on the table, the login role outside of a context included.
    GrantToPublic = "grant-to-public", Error;
    /// A rule rewrites statements on a table that the login role or a scope role reaches, and what it adds runs as the
    /// table's owner.
    RuleOnTable = "rule-on-table", Error;
    /// A trigger of a scoped table, or the check of a foreign key, is switched off.
    TriggerDisabled = "trigger-disabled", Error;
    /// A trigger of a table that the login role or a scope role reaches runs as its function's owner.
    TriggerRunsAsOwner = "trigger-runs-as-owner", Warn;
    /// A trigger of a table that the login role or a scope role reaches runs as its function's owner, who bypasses
    /// row-level security.
    TriggerBypassesRls = "trigger-bypasses-rls", Error;
    /// No index starts with the scope column: each query reads all tenants' rows.
    ScopeColumnWithoutIndex = "scope-column-without-index", Warn;

    // What no entity declares.
    /// The login role or a scope role can reach a table that no entity declares and that has rows of scopes, by its
    /// keys or its columns: nothing is known to keep them apart.
    TableUndeclared = "table-undeclared", Error;
    /// The login role or a scope role can read a table that no entity declares: every tenant reads the same rows.
    TableShared = "table-shared", Warn;
    /// The login role or a scope role can write a table that no entity declares: one tenant changes what all others
    /// read.
    TableSharedWritable = "table-shared-writable", Error;
    /// The login role or a scope role may use or read a sequence that no insert of its needs: it tells how many rows
    /// others make.
    SequenceUndeclared = "sequence-undeclared", Warn;
    /// The login role or a scope role may set a sequence: set back, it has the inserts of all others fail.
    SequenceSettable = "sequence-settable", Error;
    /// The login role or a scope role can read the relations of an extension: what they show, they show to every
    /// tenant.
    ExtensionReachable = "extension-reachable", Warn;
    /// The login role or a scope role can write a relation of an extension: one tenant changes what all others read.
    ExtensionWritable = "extension-writable", Error;
    /// The login role or a scope role has a privilege on a relation of PostgreSQL's own that it does not have by
    /// default, such as `pg_statistic`, which has values out of all tenants' rows.
    SystemRelationGranted = "system-relation-granted", Error;
    /// The login role or a scope role has a privilege on what is no relation: a foreign server, a large object, a
    /// setting of the server.
    GrantBeyondTables = "grant-beyond-tables", Error;

    // Policies.
    /// A policy applies to every role.
    PolicyToPublic = "policy-to-public", Warn;
    /// A policy of a scoped table lets rows through by another expression than the scope's; a warning where a
    /// restrictive boundary holds all the same.
    PolicyNotCanonical = "policy-not-canonical", Error;
    /// A policy lets every row through.
    PolicyAlwaysTrue = "policy-always-true", Error;
    /// A policy for INSERT has no WITH CHECK: rows of any tenant can be written.
    PolicyInsertUnchecked = "policy-insert-unchecked", Error;
    /// No restrictive policy bounds the scope: one lax policy, added later, opens the table.
    PolicyWithoutBoundary = "policy-without-boundary", Error;
    /// A policy asks a function that is VOLATILE (asked for each row) or IMMUTABLE (one tenant's answer serves the
    /// next).
    PolicyFunctionVolatility = "policy-function-volatility", Error;
    /// A policy asks a function that the planner cannot inline: queries are slower.
    PolicyFunctionNotInlinable = "policy-function-not-inlinable", Info;
    /// A policy casts the scope column: no index is used.
    PolicyCastsScopeColumn = "policy-casts-scope-column", Warn;

    // Views and functions.
    /// A view runs as its owner, not as who asks.
    ViewRunsAsOwner = "view-runs-as-owner", Warn;
    /// A view runs as its owner, whom no policy restricts in what it reads.
    ViewBypassesRls = "view-bypasses-rls", Error;
    /// A materialized view holds what its owner saw, for everybody: it has no row-level security.
    MatviewReachable = "matview-reachable", Error;
    /// A foreign table has no row-level security.
    ForeignTableReachable = "foreign-table-reachable", Error;
    /// The login role or a scope role may execute a SECURITY DEFINER function that the contract does not know.
    DefinerUnknown = "definer-unknown", Warn;
    /// The login role or a scope role may execute a SECURITY DEFINER function that the contract does not know, and
    /// whose owner bypasses row-level security.
    DefinerBypassesRls = "definer-bypasses-rls", Error;
    /// A SECURITY DEFINER function that the login role or a scope role may execute has no fixed `search_path`: the
    /// caller decides what its names mean.
    DefinerSearchPath = "definer-search-path", Error;
    /// A function of the application's own is LEAKPROOF: it is given rows before the policies have been asked.
    FunctionLeakproof = "function-leakproof", Warn;
    /// A scope role may execute `set_config`: an expression in a query turns the context to another tenant.
    SetConfigExecutable = "set-config-executable", Warn;
    /// The login role or a scope role may execute a function that reaches beyond the tables, such as `pg_read_file` or
    /// `dblink`.
    FunctionReachesOut = "function-reaches-out", Error;

    /// Everybody may execute what counts and shows all tenants' rows and sessions, such as
    /// `pg_stat_get_xact_tuples_fetched`: by it SQL in a context learns other tenants' values.
    SharedStateOpen = "shared-state-open", Warn;
    /// The login role or a scope role was given what counts and shows all tenants' rows and sessions, and is closed to
    /// everybody.
    SharedStateGranted = "shared-state-granted", Error;
    /// The view of the seal can be read by another role than the definer role: whoever may read it opens a cursor of any
    /// name on it, and so a context for anybody.
    SealExposed = "seal-exposed", Error;

    // Constraints.
    /// A foreign key is marked valid, and rows dangle: it was made while its owner could see none of them.
    ForeignKeyDangling = "foreign-key-dangling", Error;
    /// A foreign key has not been validated, or is not enforced.
    ForeignKeyNotValidated = "foreign-key-not-validated", Warn;
    /// A unique or exclusion constraint lacks the scope column: by trying a value one tenant learns whether another has
    /// it.
    UniqueWithoutScope = "unique-without-scope", Error;
    /// A unique constraint over one `uuid` lacks the scope column: by trying one that is known a tenant learns whether
    /// it is another's; nobody guesses it.
    UniqueUuidWithoutScope = "unique-uuid-without-scope", Warn;
    /// A foreign key does not carry the scope, or leads to where the scope does not see: a row can point at, and be
    /// deleted with, another tenant's.
    ForeignKeyWithoutScope = "foreign-key-without-scope", Error;
    /// A relation of an entity has no foreign key: a row can point at nothing, or at another tenant's.
    ForeignKeyMissing = "foreign-key-missing", Error;
    /// A foreign key sets the scope column to null too, as its `SET NULL` names no columns.
    SetNullNullsScope = "set-null-nulls-scope", Error;

    // Database.
    /// The login role or a scope role may create objects in a schema.
    SchemaCreate = "schema-create", Error;
    /// The login role or a scope role may make temporary tables: they shadow real ones, and outlive the context on a
    /// pooled connection.
    TemporaryTables = "temporary-tables", Error;
    /// What is created later is granted to the login role or a scope role by default.
    DefaultPrivileges = "default-privileges", Warn;
    /// A publication has a scoped table: replication ignores row-level security.
    Publication = "publication", Info;
    /// The server lacks the fixes of CVE-2024-10976 and CVE-2025-8713, by which row-level security can be passed.
    ServerVersion = "server-version", Error;

    // Drift between code and database.
    /// The contract is not installed: a schema, role, table, function, policy or trigger of it is missing, or a right
    /// that it gives.
    ContractMissing = "contract-missing", Error;
    /// A function of the contract is not what the program's contract makes, or others may execute it.
    ContractFunctionChanged = "contract-function-changed", Error;
    /// The table of an entity is missing.
    EntityTableMissing = "entity-table-missing", Error;
    /// Something of the name of an entity's table is found before it in the search path.
    TableShadowed = "table-shadowed", Error;
    /// The table of an entity lacks a column.
    EntityColumnMissing = "entity-column-missing", Error;
    /// The table of an entity lacks a policy that its scopes ask for.
    EntityPolicyMissing = "entity-policy-missing", Error;
    /// A policy is for a scope that the entity does not declare.
    PolicyUndeclaredScope = "policy-undeclared-scope", Error;
    /// A scope role has a privilege on the table that its entity does not declare.
    GrantUndeclared = "grant-undeclared", Error;
    /// A scope role lacks a privilege on the table, its sequences or its schema that its entity needs: its queries
    /// fail.
    GrantMissing = "grant-missing", Warn;
    /// A table has the tenant column, or a key to the tenants' table, and no entity: the code does not know it.
    TableWithoutEntity = "table-without-entity", Warn;
    /// A finding is accepted that is not found any more: it would hide it if it came back.
    AcceptanceUnused = "acceptance-unused", Warn;
}

impl Code {
    /// Returns when its repair is to be run: a table is made before it is changed, and a foreign key leaves a unique
    /// key before that one is made again.
    pub(super) const fn step(self) -> u8 {
        match self {
            // The contract is not installed over roles that may do more than they should.
            Self::RoleSuperuser
            | Self::RoleBypassesRls
            | Self::RoleReplicates
            | Self::RoleCreatesRoles
            | Self::DefinerRoleChanged => 0,
            Self::ContractMissing | Self::ContractFunctionChanged => 1,
            Self::EntityTableMissing => 2,
            Self::EntityColumnMissing => 3,
            Self::ForeignKeyWithoutScope | Self::SetNullNullsScope | Self::ForeignKeyMissing => 4,
            Self::UniqueWithoutScope | Self::UniqueUuidWithoutScope => 5,
            _ => 6,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let known = Self::ALL.iter().find(|code| code.as_str() == name);
        known.copied().ok_or_else(|| de::Error::custom(format_args!("no audit finds `{name}`")))
    }
}
