//! Why the rows of a table that no entity declares are those of scopes: its keys, what it inherits from, its columns.

use std::collections::{HashMap, HashSet};

use super::{
    catalog::{ForeignKey, Oid, Relation},
    survey::{Scoped, Survey},
};
use crate::scope::{KEY_TYPE, ScopeKind};

pub(super) struct Origins<'a> {
    survey: &'a Survey<'a>,
    /// The foreign keys of each table.
    keys: HashMap<Oid, Vec<&'a ForeignKey>>,
    /// What each table inherits from, or is a partition of; and what inherits from it, or is a partition of it.
    related: HashMap<Oid, Vec<(Oid, &'static str)>>,
    /// Those that scoped tables inherit from, which show their rows.
    above: HashSet<Oid>,
    /// The columns by which entities are in a scope.
    columns: HashSet<&'static str>,
    /// What the application calls a tenant.
    tenant: HashSet<String>,
}

impl<'a> Origins<'a> {
    pub(super) fn new(survey: &'a Survey<'a>) -> Self {
        let mut keys: HashMap<Oid, Vec<&ForeignKey>> = HashMap::new();
        for key in &survey.catalog.foreign_keys {
            keys.entry(key.relation).or_default().push(key);
        }
        let mut related: HashMap<Oid, Vec<(Oid, &str)>> = HashMap::new();
        for (child, parent) in survey.catalog.inherits.iter().chain(&survey.catalog.partitions) {
            related.entry(*child).or_default().push((*parent, "is a part of"));
            related.entry(*parent).or_default().push((*child, "has the rows of"));
        }
        let mut above = HashSet::new();
        let mut next: Vec<_> = survey.scoped.iter().map(|scoped| scoped.relation.oid).collect();
        while let Some(child) = next.pop() {
            let parents = survey.catalog.inherits.iter().filter(|(inherits, _)| *inherits == child);
            next.extend(parents.map(|(_, parent)| *parent).filter(|parent| above.insert(*parent)));
        }
        // The tenant and the person themselves have their key by a name that any table has.
        let declared = survey.audit.registry.entities().flat_map(|entity| entity.scopes);
        let columns: HashSet<_> =
            declared.filter_map(|declaration| declaration.rows.column()).filter(|&column| column != "id").collect();
        let mut tenant: HashSet<_> = survey.tenant_columns().into_iter().map(word).collect();
        tenant.extend(survey.scoped.iter().filter(|scoped| is_tenants(survey, scoped)).map(|scoped| {
            // The plural is made by another letter.
            word(&scoped.relation.name).trim_end_matches('s').to_owned()
        }));
        tenant.retain(|word| word.len() > 2);
        Self { survey, keys, related, above, columns, tenant }
    }

    /// Returns whether a scoped table inherits from it, which is looked at by itself.
    pub(super) fn is_above_scoped(&self, relation: &Relation) -> bool {
        self.above.contains(&relation.oid)
    }

    /// Returns the foreign keys of a table, each with what it points at.
    pub(super) fn keys_of(&self, relation: &Relation) -> impl Iterator<Item = (&'a ForeignKey, &'a Relation)> {
        let keys = self.keys.get(&relation.oid).into_iter().flatten();
        keys.filter_map(|key| Some((*key, self.survey.relation(key.referenced)?)))
    }

    /// Returns by what the rows of a table are known to be those of scopes.
    pub(super) fn of(&self, relation: &Relation) -> Option<String> {
        let mut seen = HashSet::from([relation.oid]);
        let mut next = vec![(relation, None)];
        while let Some((table, way)) = next.pop() {
            let way = |step: String| way.clone().unwrap_or(step);
            if let Some(column) = table.columns.iter().find(|column| self.columns.contains(column.name.as_str())) {
                return Some(way(format!("it has the scope column `{}`", column.name)));
            }
            let keys = self.keys.get(&table.oid).into_iter().flatten();
            let keys = keys.map(|key| (key.referenced, format!("points by `{}` at", key.name)));
            let related = self.related.get(&table.oid).into_iter().flatten();
            let related = related.map(|(other, verb)| (*other, (*verb).to_owned()));
            for (oid, verb) in keys.chain(related) {
                let Some(other) = self.survey.relation(oid).filter(|other| seen.insert(other.oid)) else { continue };
                let step = way(format!("it {verb} {}", other.full_name()));
                if self.survey.scoped_table(oid).is_some() {
                    let is_first = step.ends_with(&other.full_name());
                    return Some(if is_first { step } else { format!("{step}, which leads to {}", other.full_name()) });
                }
                next.push((other, Some(step)));
            }
        }
        None
    }

    /// Returns by what the rows of a table look like those of tenants: a column that may hold a tenant's key.
    pub(super) fn suspected(&self, relation: &Relation) -> Option<String> {
        let primary = self.survey.indexes_of(relation).iter().find(|index| index.primary);
        let keys = self.keys.get(&relation.oid).into_iter().flatten();
        let explained: HashSet<_> = keys.flat_map(|key| &key.columns).map(String::as_str).collect();
        relation.columns.iter().find_map(|column| {
            let name = column.name.as_str();
            if self.tenant.iter().any(|tenant| word(name).contains(tenant)) {
                return Some(format!("its column `{name}` is named after the tenant"));
            }
            let is_key = primary.is_some_and(|index| matches!(&*index.columns, [Some(only)] if only == name));
            let may_be_tenant = column.sql_type == KEY_TYPE && !is_key && !explained.contains(name);
            may_be_tenant
                .then(|| format!("its column `{name}` may hold a tenant's key: no foreign key says whose it is"))
        })
    }

    /// Returns the foreign key by which a table points at the tenants themselves.
    pub(super) fn key_to_tenants(&self, relation: &Relation) -> Option<(&'a ForeignKey, &'a Relation)> {
        self.keys_of(relation).find(|(_, referenced)| {
            self.survey.scoped_table(referenced.oid).is_some_and(|scoped| is_tenants(self.survey, scoped))
        })
    }
}

/// Returns whether a table is that of the tenants themselves: its key is the scope's.
fn is_tenants(survey: &Survey<'_>, scoped: &Scoped<'_>) -> bool {
    let Some(column) = scoped.column(ScopeKind::Tenant).filter(|_| scoped.entity.is_some()) else { return false };
    let mut indexes = survey.indexes_of(scoped.relation).iter();
    indexes.any(|index| index.primary && matches!(&*index.columns, [Some(only)] if only == column))
}

/// Returns a name as it is compared: `organizationId` and `organization_id` are one.
fn word(name: &str) -> String {
    let name: String = name.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    name.strip_suffix("id").map(str::to_owned).unwrap_or(name)
}
