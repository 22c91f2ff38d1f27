//! What the audit knows of the database: the catalog, as one document.
#![expect(
    clippy::struct_excessive_bools,
    clippy::struct_field_names,
    reason = "the catalog has so many, by those names"
)]

mod keys;
mod relation;
mod statement;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};

pub(super) use self::{
    keys::{ForeignKey, Index, IndexDetails},
    relation::{Column, Relation},
};

/// A role, a table or a function, by PostgreSQL's number for it; the role 0 is PUBLIC.
pub(super) type Oid = i64;

/// PUBLIC, as a grantee.
pub(super) const PUBLIC: Oid = 0;

/// What PUBLIC is called here: the one name that PostgreSQL gives to no role, as it would a role `"PUBLIC"`.
pub(super) const PUBLIC_NAME: &str = "public";

/// Who has which privilege.
pub(super) type Acl = Vec<(Oid, String)>;

/// The catalog of one database, at one moment.
#[derive(Debug, Deserialize)]
pub(super) struct Catalog {
    pub(super) database: String,
    pub(super) version: String,
    pub(super) version_num: i32,
    pub(super) looked_as: String,
    pub(super) session_user: String,
    /// Whether the role that looks sees rows whatever the policies are.
    pub(super) sees_rows: bool,
    pub(super) search_path: Vec<String>,
    #[serde(deserialize_with = "list")]
    pub(super) database_acl: Acl,
    pub(super) roles: Vec<Role>,
    #[serde(deserialize_with = "list")]
    pub(super) memberships: Vec<Membership>,
    #[serde(deserialize_with = "list")]
    pub(super) settings: Vec<Setting>,
    /// Settings that the server's configuration fixes, of those that decide what protects rows.
    #[serde(deserialize_with = "list")]
    pub(super) server_settings: Vec<String>,
    #[serde(deserialize_with = "list")]
    pub(super) schemas: Vec<Schema>,
    #[serde(deserialize_with = "list")]
    pub(super) relations: Vec<Relation>,
    #[serde(deserialize_with = "list")]
    pub(super) policies: Vec<Policy>,
    #[serde(deserialize_with = "list")]
    pub(super) functions: Vec<Function>,
    /// Aggregates that run functions which are SECURITY DEFINER.
    #[serde(deserialize_with = "list")]
    pub(super) aggregates: Vec<Aggregate>,
    /// The kind of what is closed, by its place; a function of it; and who may execute it.
    #[serde(deserialize_with = "list")]
    pub(super) shared: Vec<(usize, String, Oid)>,
    /// Aggregates of what is closed, and who may execute them.
    #[serde(deserialize_with = "list")]
    pub(super) counting: Vec<(String, Oid)>,
    #[serde(deserialize_with = "list")]
    pub(super) foreign_keys: Vec<ForeignKey>,
    #[serde(deserialize_with = "list")]
    pub(super) indexes: Vec<Index>,
    /// Sequences, each with a table, a column that owns it or draws from it, and whether it is the column's default
    /// that does.
    #[serde(deserialize_with = "list")]
    pub(super) sequences: Vec<(Oid, Oid, String, bool)>,
    /// Tables, and those that they inherit from; partitions are none.
    #[serde(deserialize_with = "list")]
    pub(super) inherits: Vec<(Oid, Oid)>,
    /// Partitions, and what they are a part of.
    #[serde(deserialize_with = "list")]
    pub(super) partitions: Vec<(Oid, Oid)>,
    /// What the login and scope roles may do to relations of extensions, and of PostgreSQL's own.
    #[serde(deserialize_with = "list")]
    pub(super) others: Vec<Other>,
    /// Rules that rewrite statements on a relation, by name.
    #[serde(deserialize_with = "list")]
    pub(super) rules: Vec<(Oid, String)>,
    #[serde(deserialize_with = "list")]
    pub(super) triggers: Vec<Trigger>,
    /// Views, and what they read.
    #[serde(deserialize_with = "list")]
    pub(super) reads: Vec<(Oid, Oid)>,
    #[serde(deserialize_with = "list")]
    pub(super) owned: Vec<Held>,
    #[serde(deserialize_with = "list")]
    pub(super) granted: Vec<Held>,
    #[serde(deserialize_with = "list")]
    pub(super) defaults: Vec<DefaultAcl>,
    /// Publications, and the schema and name of each of their tables.
    #[serde(deserialize_with = "list")]
    pub(super) published: Vec<(String, String, String)>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Role {
    pub(super) oid: Oid,
    pub(super) name: String,
    pub(super) superuser: bool,
    pub(super) bypass_rls: bool,
    pub(super) replication: bool,
    pub(super) create_role: bool,
    pub(super) login: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Membership {
    pub(super) role: Oid,
    pub(super) member: Oid,
    /// Who has granted it; from PostgreSQL 16 on it can be more than one, and each has to take it back.
    pub(super) grantors: Vec<Oid>,
    pub(super) admin: bool,
    pub(super) inherit: bool,
    pub(super) set: bool,
}

/// A setting that is fixed for a role, or for all where the role is 0.
#[derive(Debug, Deserialize)]
pub(super) struct Setting {
    pub(super) role: Oid,
    /// Whether it is for this database alone.
    pub(super) here: bool,
    pub(super) name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Schema {
    pub(super) name: String,
    pub(super) sql: String,
    #[serde(deserialize_with = "list")]
    pub(super) acl: Acl,
}

#[derive(Debug, Deserialize)]
pub(super) struct Policy {
    pub(super) relation: Oid,
    pub(super) name: String,
    /// `r`, `a`, `w`, `d`, or `*` for all.
    pub(super) command: String,
    pub(super) permissive: bool,
    pub(super) roles: Vec<Oid>,
    pub(super) using: Option<String>,
    pub(super) check: Option<String>,
    /// The functions that it asks, without PostgreSQL's own.
    pub(super) functions: Vec<Oid>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Function {
    pub(super) oid: Oid,
    pub(super) schema: String,
    pub(super) name: String,
    /// Its name and arguments, as SQL.
    pub(super) sql: String,
    pub(super) owner: Oid,
    pub(super) definer: bool,
    pub(super) leakproof: bool,
    /// Whether only a trigger can call it.
    pub(super) trigger: bool,
    pub(super) volatility: String,
    pub(super) language: String,
    pub(super) config: Vec<String>,
    pub(super) strict: bool,
    pub(super) extension: bool,
    /// Whether PostgreSQL, or its extension, keeps it from everybody.
    pub(super) kept: bool,
    /// Its body, where it is in the schema of the contract.
    pub(super) body: Option<String>,
    #[serde(deserialize_with = "list")]
    pub(super) acl: Acl,
}

#[derive(Debug, Deserialize)]
pub(super) struct Aggregate {
    /// The function that it runs.
    pub(super) function: Oid,
    pub(super) sql: String,
    #[serde(deserialize_with = "list")]
    pub(super) acl: Acl,
}

#[derive(Debug, Deserialize)]
pub(super) struct Trigger {
    pub(super) relation: Oid,
    pub(super) name: String,
    pub(super) function: Oid,
    /// Whether it is of a constraint.
    pub(super) internal: bool,
    pub(super) enabled: bool,
    /// Whether it fires for what replication applies alone.
    pub(super) on_replicas: bool,
}

/// Something that a role owns, or has a privilege on.
#[derive(Debug, Deserialize)]
pub(super) struct Held {
    pub(super) role: Oid,
    pub(super) description: String,
    pub(super) kind: String,
    /// Its name, as SQL.
    pub(super) sql: String,
}

/// A privilege on a relation of an extension's, or one of PostgreSQL's own that it has not by default.
#[derive(Debug, Deserialize)]
pub(super) struct Other {
    pub(super) sql: String,
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) extension: Option<String>,
    pub(super) grantee: Oid,
    pub(super) privilege: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct DefaultAcl {
    /// Whose objects.
    pub(super) role: Oid,
    pub(super) schema: Option<String>,
    /// `r`, `S`, `f`, `T` or `n`.
    pub(super) kind: String,
    pub(super) grantee: Oid,
    pub(super) privilege: String,
}

impl Catalog {
    /// Returns the name of a role; that of PUBLIC is one that no role can have.
    pub(super) fn role_name(&self, oid: Oid) -> &str {
        match oid {
            PUBLIC => PUBLIC_NAME,
            _ => self.role(oid).map_or("?", |role| &role.name),
        }
    }

    pub(super) fn role(&self, oid: Oid) -> Option<&Role> {
        self.roles.iter().find(|role| role.oid == oid)
    }
}

/// PostgreSQL aggregates no rows to null.
fn list<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}
