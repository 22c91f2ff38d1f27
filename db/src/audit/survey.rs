//! The catalog, seen by what the program declares: who runs requests, what they reach, which tables are scoped.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    Audit,
    catalog::{Catalog, Index, Oid, PUBLIC, Policy, Relation, Role},
};
use crate::{
    RegisteredEntity, ScopeKind,
    prefix::Prefix,
    scope::{Rows, ScopeDeclaration},
};

pub(super) struct Survey<'a> {
    pub(super) audit: &'a Audit<'a>,
    pub(super) catalog: &'a Catalog,
    /// The login role and the scope roles that there are, the login role first.
    pub(super) requests: Vec<Request<'a>>,
    /// The roles that a request can be, PUBLIC included; empty where there are none of them.
    pub(super) reachable: HashSet<Oid>,
    /// Those whose rights are looked at one by one: without PUBLIC, and without what the login role has outside of a
    /// context, of which there are findings of their own.
    in_context: HashSet<Oid>,
    /// The tables that are scoped.
    pub(super) scoped: Vec<Scoped<'a>>,
    relations: HashMap<Oid, &'a Relation>,
    /// The tables, by their names without their schemas.
    named: HashMap<&'a str, Vec<&'a Relation>>,
    scoped_at: HashMap<Oid, usize>,
    policies: HashMap<Oid, Vec<&'a Policy>>,
    indexes: HashMap<Oid, Vec<&'a Index>>,
}

/// What roles may do, by their names: privileges in the order of the alphabet.
pub(super) type Rights<'a> = BTreeMap<&'a str, Vec<&'a str>>;

/// A role that requests run as.
pub(super) struct Request<'a> {
    pub(super) role: &'a Role,
    /// `None` for the login role.
    pub(super) scope: Option<ScopeKind>,
    /// The roles that it can become, itself first, each with the way to it; other scope roles have their own.
    pub(super) becomes: Vec<Vec<&'a Role>>,
}

/// A table with the rows of scopes.
pub(super) struct Scoped<'a> {
    pub(super) relation: &'a Relation,
    pub(super) entity: Option<&'a RegisteredEntity>,
    /// Those of the entity; where there is none, that of the tenant column.
    pub(super) scopes: Vec<ScopeDeclaration>,
}

impl<'a> Survey<'a> {
    pub(super) fn new(audit: &'a Audit<'a>, catalog: &'a Catalog) -> Self {
        let mut survey = Self {
            audit,
            catalog,
            requests: requests(audit, catalog),
            reachable: HashSet::new(),
            in_context: HashSet::new(),
            scoped: Vec::new(),
            relations: catalog.relations.iter().map(|relation| (relation.oid, relation)).collect(),
            named: HashMap::new(),
            scoped_at: HashMap::new(),
            policies: HashMap::new(),
            indexes: HashMap::new(),
        };
        for relation in catalog.relations.iter().filter(|relation| relation.is_table()) {
            survey.named.entry(&relation.name).or_default().push(relation);
        }
        for policy in &catalog.policies {
            survey.policies.entry(policy.relation).or_default().push(policy);
        }
        for index in &catalog.indexes {
            survey.indexes.entry(index.relation).or_default().push(index);
        }
        if !survey.requests.is_empty() {
            let roles = survey.requests.iter().flat_map(|request| &request.becomes).filter_map(|way| way.last());
            // That one can become the definer role is found by itself; what the definer role may do is as it should be.
            let roles = roles.filter(|role| role.name != survey.prefix().gate());
            survey.reachable = roles.map(|role| role.oid).chain([PUBLIC]).collect();
            survey.in_context = survey.find_in_context();
        }
        survey.scoped = survey.find_scoped();
        survey.scoped_at = survey.scoped.iter().enumerate().map(|(at, scoped)| (scoped.relation.oid, at)).collect();
        survey
    }

    pub(super) fn prefix(&self) -> &'a Prefix {
        &self.audit.prefix
    }

    pub(super) fn relation(&self, oid: Oid) -> Option<&'a Relation> {
        self.relations.get(&oid).copied()
    }

    pub(super) fn policies_of(&self, relation: &Relation) -> &[&'a Policy] {
        self.policies.get(&relation.oid).map_or(&[], Vec::as_slice)
    }

    pub(super) fn indexes_of(&self, relation: &Relation) -> &[&'a Index] {
        self.indexes.get(&relation.oid).map_or(&[], Vec::as_slice)
    }

    /// Returns whether it is the view of the seal on contexts, which is looked at by itself.
    pub(super) fn is_seal(&self, relation: &Relation) -> bool {
        relation.full_name() == self.prefix().seal()
    }

    pub(super) fn scoped_table(&self, oid: Oid) -> Option<&Scoped<'a>> {
        self.scoped.get(*self.scoped_at.get(&oid)?)
    }

    pub(super) fn login(&self) -> Option<&Request<'a>> {
        self.requests.iter().find(|request| request.scope.is_none())
    }

    pub(super) fn scope_role(&self, scope: ScopeKind) -> Option<&'a Role> {
        self.requests.iter().find(|request| request.scope == Some(scope)).map(|request| request.role)
    }

    /// Returns the roles of the list that a request can be, by name.
    pub(super) fn reachable_names(&self, acl: impl IntoIterator<Item = Oid>) -> Vec<&'a str> {
        let mut names: Vec<_> =
            acl.into_iter().filter(|grantee| self.reachable.contains(grantee)).map(|oid| self.role_name(oid)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    pub(super) fn role_name(&self, oid: Oid) -> &'a str {
        self.catalog.role_name(oid)
    }

    /// Returns what the roles that a context can be may do to a relation, or to columns of it.
    pub(super) fn rights(&self, relation: &'a Relation) -> Rights<'a> {
        let mut rights = Rights::new();
        for (grantee, privilege) in relation.privileges().filter(|(grantee, _)| self.in_context.contains(grantee)) {
            let has = rights.entry(self.role_name(grantee)).or_default();
            if let Err(at) = has.binary_search(&privilege) {
                has.insert(at, privilege);
            }
        }
        rights
    }

    fn find_in_context(&self) -> HashSet<Oid> {
        let of_scopes = self.requests.iter().filter(|request| request.scope.is_some());
        let of_scopes: HashSet<_> =
            of_scopes.flat_map(|request| &request.becomes).filter_map(|way| way.last()).map(|role| role.oid).collect();
        let login = self.login().map(|login| login.role.oid);
        let outside: HashSet<_> =
            login.into_iter().chain(login.into_iter().flat_map(|oid| self.inherits(oid))).collect();
        let found = self.reachable.iter().copied();
        found.filter(|oid| *oid != PUBLIC && (of_scopes.contains(oid) || !outside.contains(oid))).collect()
    }

    /// Returns the roles whose rights a role has without becoming them.
    pub(super) fn inherits(&self, role: Oid) -> Vec<Oid> {
        let mut found = vec![role];
        let mut at = 0;
        while let Some(&member) = found.get(at) {
            at += 1;
            for edge in self.catalog.memberships.iter().filter(|edge| edge.inherit && edge.member == member) {
                if !found.contains(&edge.role) {
                    found.push(edge.role);
                }
            }
        }
        found.remove(0);
        found
    }

    /// Returns whether a request can do anything to it.
    pub(super) fn reaches(&self, relation: &Relation) -> bool {
        relation.privileges().any(|(grantee, _)| self.reachable.contains(&grantee))
    }

    /// Returns the names by which a column is known to hold an organization's id.
    pub(super) fn tenant_columns(&self) -> HashSet<&'static str> {
        let declared = self.audit.registry.entities().flat_map(|entity| entity.scopes);
        let mut columns: HashSet<_> = declared
            .filter(|declaration| declaration.scope == ScopeKind::Tenant)
            .filter_map(|declaration| declaration.rows.column())
            // The organization's own table has its key by a name that any table has.
            .filter(|&column| column != "id")
            .collect();
        if columns.is_empty() {
            columns.insert("organization_id");
        }
        columns
    }

    fn find_scoped(&self) -> Vec<Scoped<'a>> {
        let mut entities: HashMap<Oid, &RegisteredEntity> = HashMap::new();
        for entity in self.audit.registry.entities() {
            if let Some(relation) = self.table_of(entity) {
                entities.insert(relation.oid, entity);
            }
        }
        let tenant_columns = self.tenant_columns();
        let tables = self.catalog.relations.iter().filter(|relation| relation.is_table());
        tables
            .filter_map(|relation| {
                if let Some(&entity) = entities.get(&relation.oid) {
                    return Some(Scoped { relation, entity: Some(entity), scopes: entity.scopes.to_vec() });
                }
                let column = relation.columns.iter().find_map(|column| tenant_columns.get(column.name.as_str()))?;
                let declaration = ScopeDeclaration::of_column(ScopeKind::Tenant, column);
                Some(Scoped { relation, entity: None, scopes: vec![declaration] })
            })
            .collect()
    }

    /// Returns the table of an entity: in the schema that it names, else the first in the search path.
    pub(super) fn table_of(&self, entity: &RegisteredEntity) -> Option<&'a Relation> {
        self.table_named(entity.schema(), entity.table())
    }

    /// Returns a table by its name: in the schema that is named, else the first in the search path.
    pub(super) fn table_named(&self, schema: Option<&str>, table: &str) -> Option<&'a Relation> {
        let named = self.named.get(table).map_or(&[][..], Vec::as_slice);
        if let Some(schema) = schema {
            return named.iter().copied().find(|relation| relation.schema == schema);
        }
        let mut in_path = self.catalog.search_path.iter();
        in_path.find_map(|schema| named.iter().copied().find(|relation| relation.schema == *schema))
    }
}

impl Scoped<'_> {
    /// Returns the scopes that have a column, with its name.
    pub(super) fn columns(&self) -> impl Iterator<Item = (ScopeKind, &'static str)> {
        self.scopes.iter().filter_map(|declaration| Some((declaration.scope, declaration.rows.column()?)))
    }

    /// Returns the column of a scope.
    pub(super) fn column(&self, scope: ScopeKind) -> Option<&'static str> {
        self.columns().find(|(other, _)| *other == scope).map(|(_, column)| column)
    }

    pub(super) fn declaration(&self, scope: ScopeKind) -> Option<&ScopeDeclaration> {
        self.scopes.iter().find(|declaration| declaration.scope == scope)
    }

    /// Returns which rows are in a scope, in words.
    pub(super) fn rows_in_words(declaration: &ScopeDeclaration) -> String {
        match declaration.rows {
            Rows::All => "all rows".to_owned(),
            Rows::Column(column) => column.to_owned(),
            Rows::Via(via) => format!("by {}", via().table),
        }
    }
}

fn requests<'a>(audit: &Audit<'_>, catalog: &'a Catalog) -> Vec<Request<'a>> {
    let find = |name: &str| catalog.roles.iter().find(|role| role.name == name);
    let login = find(&audit.login_role(catalog)).map(|role| (role, None));
    let scopes = ScopeKind::ALL.into_iter().filter_map(|scope| Some((find(&audit.prefix.role(scope))?, Some(scope))));
    let scopes: Vec<_> = scopes.collect();
    // A login role by itself is anybody's: whoever looks at a database that has no contract.
    let roles: Vec<_> = if scopes.is_empty() { Vec::new() } else { login.into_iter().chain(scopes).collect() };
    let is_request = |oid: Oid| roles.iter().any(|(role, _)| role.oid == oid);
    let becomes = |role: &'a Role| ways(catalog, role, &is_request);
    roles.iter().map(|&(role, scope)| Request { role, scope, becomes: becomes(role) }).collect()
}

/// Returns the ways from a role to each that it can become or whose rights it has, without those through another
/// scope role.
fn ways<'a>(catalog: &'a Catalog, from: &'a Role, is_request: &impl Fn(Oid) -> bool) -> Vec<Vec<&'a Role>> {
    let mut ways = vec![vec![from]];
    let mut seen = HashSet::from([from.oid]);
    let mut at = 0;
    while let Some(way) = ways.get(at).cloned() {
        at += 1;
        let Some(last) = way.last() else { continue };
        for membership in catalog.memberships.iter().filter(|membership| membership.member == last.oid) {
            let usable = membership.inherit || membership.set;
            if usable && !is_request(membership.role) && seen.insert(membership.role) {
                ways.extend(catalog.role(membership.role).map(|role| [way.as_slice(), &[role]].concat()));
            }
        }
    }
    ways
}
