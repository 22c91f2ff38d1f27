//! Foreign keys, with the scope in them.

use sea_orm::{
    RelationDef,
    sea_query::{ForeignKeyAction, ForeignKeyCreateStatement},
};

use super::{columns_of, key::carried, names};
use crate::{
    Registry, Result, TableName,
    scope::{Rows, ScopeDeclaration, entity_table::EntityTable},
    sql::quote,
};

/// Returns the foreign keys of an entity's relations. Those that another table owns are in that one.
pub(super) fn foreign_keys(child: &EntityTable, registry: &Registry) -> Result<Vec<String>> {
    let mut made: Vec<ForeignKey> = Vec::new();
    for relation in child.relations.iter().filter(|relation| !relation.is_owner && !relation.skip_fk) {
        let key = ForeignKey::of(child, registry, relation.clone())?;
        // Two facades of a table, such as a person and a colleague, are one foreign key.
        let Some(same) = made.iter_mut().find(|other| other.pairs == key.pairs && other.parent == key.parent) else {
            made.push(key);
            continue;
        };
        match (same.acts(), key.acts()) {
            (_, false) => {}
            (false, true) => *same = key,
            (true, true) if (same.on_delete, same.on_update) == (key.on_delete, key.on_update) => {}
            (true, true) => {
                let why = "is declared twice, with other actions; say `skip_fk` of one";
                return Err(child.refuse(&key.relation(), why));
            }
        }
    }
    made.iter().map(|key| key.definition(child)).collect()
}

struct ForeignKey {
    name: Option<String>,
    parent: TableName,
    /// The columns here and there.
    pairs: Vec<(String, String)>,
    on_delete: Option<&'static str>,
    on_update: Option<&'static str>,
}

impl ForeignKey {
    fn of(child: &EntityTable, registry: &Registry, relation: RelationDef) -> Result<Self> {
        let parent = TableName::of_reference(&relation.to_tbl);
        let parent = parent.ok_or_else(|| child.refuse("a relation", "points at no table"))?;
        let made: ForeignKeyCreateStatement = relation.into();
        let made = made.get_foreign_key();
        let pairs = made.get_columns().into_iter().zip(made.get_ref_columns()).collect();
        let name = made.get_name().map(str::to_owned);
        let mut key = Self { name, parent, pairs, on_delete: None, on_update: None };
        let action = |action: Option<ForeignKeyAction>| {
            let unknown = || child.refuse(&key.relation(), "has an action that is not known here");
            action.map(|action| sql(action).ok_or_else(unknown)).transpose()
        };
        (key.on_delete, key.on_update) = (action(made.get_on_delete())?, action(made.get_on_update())?);
        let entity = registry.entities().find(|entity| *entity.table_name() == key.parent);
        if let Some(entity) = entity {
            key.carry(child, entity.scopes)?;
        }
        Ok(key)
    }

    fn relation(&self) -> String {
        let columns: Vec<_> = self.pairs.iter().map(|(from, _)| from.as_str()).collect();
        format!("the relation to `{}` by `{}`", self.parent, columns.join("`, `"))
    }

    fn acts(&self) -> bool {
        self.on_delete.is_some() || self.on_update.is_some()
    }

    /// Puts the columns of the scopes that both tables are in before the others.
    fn carry(&mut self, child: &EntityTable, theirs: &'static [ScopeDeclaration]) -> Result<()> {
        let shared: Vec<_> = child
            .scopes_by_column()
            .filter_map(|(own, from)| {
                let (parent, to) = columns_of(theirs).find(|(parent, _)| parent.scope == own.scope)?;
                Some((own, from, parent, to))
            })
            .collect();
        if shared.is_empty() {
            return self.refuse_via(child, theirs);
        }
        let is_carried = |scopes, of: &ScopeDeclaration| carried(scopes).any(|(scope, _)| scope.scope == of.scope);
        let mut first = Vec::new();
        for (n, (own, from, parent, to)) in shared.into_iter().enumerate() {
            if n > 0 && !(is_carried(child.scopes, own) && is_carried(theirs, parent)) {
                continue;
            }
            match self.pairs.iter().find(|(other_from, other_to)| other_from == from || other_to == to) {
                None => first.push((from.to_owned(), to.to_owned())),
                Some((other_from, other_to)) if other_from == from && other_to == to => {}
                Some(_) => {
                    let why = format!(
                        "leads out of the scope: `{from}` has to point at `{to}`; say `skip_fk`, or write `create_as`"
                    );
                    return Err(child.refuse(&self.relation(), &why));
                }
            }
        }
        first.append(&mut self.pairs);
        self.pairs = first;
        Ok(())
    }

    /// Rows that are in the scope through another table have no column by which a foreign key could carry it.
    fn refuse_via(&self, child: &EntityTable, theirs: &'static [ScopeDeclaration]) -> Result<()> {
        let has = |kind| child.scopes_by_column().any(|(own, _)| own.scope == kind);
        let via = theirs.iter().find_map(|declared| match declared.rows {
            Rows::Via(via) if has(declared.scope) => Some(via().table),
            _ => None,
        });
        via.map_or(Ok(()), |via| {
            let why = format!(
                "would tell which rows there are over all tenants, as it is in the scope through `{via}`; point at \
                 `{via}`, or say `skip_fk`"
            );
            Err(child.refuse(&self.relation(), &why))
        })
    }

    fn definition(&self, child: &EntityTable) -> Result<String> {
        let (from, to): (Vec<_>, Vec<_>) = self.pairs.iter().cloned().unzip();
        let scope = child.scope_columns();
        let own: Vec<_> = from.iter().filter(|column| !scope.contains(&column.as_str())).collect();
        let sets = |action: Option<&str>| action.is_some_and(|action| action.starts_with("SET"));
        // PostgreSQL takes a list of columns for a delete alone.
        if (sets(self.on_delete) && own.is_empty()) || (sets(self.on_update) && own.len() < from.len()) {
            let why = "sets the scope's own column to nothing; say `Cascade`, `Restrict` or `NoAction`";
            return Err(child.refuse(&self.relation(), why));
        }
        let list = if sets(self.on_delete) { format!(" ({})", names(&own)) } else { String::new() };
        let on_delete = self.on_delete.map(|action| format!(" ON DELETE {action}{list}")).unwrap_or_default();
        let on_update = self.on_update.map(|action| format!(" ON UPDATE {action}")).unwrap_or_default();
        let name = self.name.as_ref().map(|name| format!("CONSTRAINT {} ", quote(name))).unwrap_or_default();
        Ok(format!(
            "{name}FOREIGN KEY ({}) REFERENCES {} ({}){on_delete}{on_update}",
            names(&from),
            self.parent.sql(),
            names(&to)
        ))
    }
}

fn sql(action: ForeignKeyAction) -> Option<&'static str> {
    match action {
        ForeignKeyAction::Restrict => Some("RESTRICT"),
        ForeignKeyAction::Cascade => Some("CASCADE"),
        ForeignKeyAction::SetNull => Some("SET NULL"),
        ForeignKeyAction::NoAction => Some("NO ACTION"),
        ForeignKeyAction::SetDefault => Some("SET DEFAULT"),
        _ => None,
    }
}
