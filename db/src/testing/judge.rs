//! What has become of the rows.

use serde::Deserialize;

use super::{
    fill::{Line, Side},
    subject::{Subject, sees_all},
    world::World,
};
use crate::{ScopeKind, scope::ScopeDeclaration};

/// What changed since the tables were filled, in this transaction too, as a superuser sees it.
pub(super) const CHANGES: &str = "SELECT isolation_probe.changes()";

/// Who looks at changes: one scope of one entity, or none, where everything is another's.
pub(super) struct Judge<'w> {
    pub(super) world: &'w World,
    pub(super) subject: &'w Subject,
    pub(super) declared: Option<&'static ScopeDeclaration>,
    pub(super) own_key: Option<(&'static str, String)>,
}

#[derive(Deserialize)]
struct Change {
    gone: bool,
    relation: String,
    line: Line,
}

impl Judge<'_> {
    /// Returns what was done to rows that are not the context's own.
    pub(super) fn breaches(&self, changes: &[String]) -> Vec<String> {
        if self.declared.is_some_and(sees_all) {
            return Vec::new();
        }
        let breach = |text: &String| {
            let Ok(change) = serde_json::from_str::<Change>(text) else {
                return Some("a change cannot be read".to_owned());
            };
            let what = if change.gone && !self.is_own(&change.relation, &change.line) {
                "a row of another was changed or removed"
            } else if !change.gone && self.is_planted(&change.relation, &change.line) {
                "a row was put among another's"
            } else {
                return None;
            };
            Some(format!("{what}, in {}", change.relation))
        };
        changes.iter().filter_map(breach).collect()
    }

    fn is_own(&self, relation: &str, line: &Line) -> bool {
        let Some(declared) = self.declared else { return false };
        match self.subject.view(declared.scope).filter(|_| relation == self.subject.sql) {
            Some(view) => view.own.contains(line),
            None => self.world.side_of(relation, line) == Some(Side::Hostile),
        }
    }

    /// Returns whether a new row has another's key in the scope column. Out of every scope, no row is anybody's to
    /// make.
    fn is_planted(&self, relation: &str, line: &Line) -> bool {
        let has_key =
            |(column, key): &(&str, String)| line.get(*column).and_then(|value| value.as_str()) == Some(key.as_str());
        match (&self.own_key, self.declared) {
            _ if relation != self.subject.sql => false,
            (_, None) => true,
            (Some(own), _) => !has_key(own),
            (None, _) => false,
        }
    }
}

/// Returns the scope column, and the key that the hostile side's own rows have in it.
pub(super) fn scope_key(world: &World, declared: &ScopeDeclaration) -> Option<(&'static str, String)> {
    let key = match declared.scope {
        ScopeKind::Tenant => world.hostile.organization,
        ScopeKind::User => *world.hostile.people.first()?,
        ScopeKind::Identity => return None,
    };
    Some((declared.rows.column()?, key.to_string()))
}
