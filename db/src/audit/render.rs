//! What an audit has found, for people and for programs.

mod html;
mod json;
mod matrix;
mod sarif;
mod sql;
mod style;
mod svg;
mod text;

use super::{Access, AuditReport, AuditedTable, Finding, Severity};

/// What the words start with that say of rows that nothing holds them back from whoever may read the table.
const ALL_ROWS: &str = "all rows";

impl AuditReport {
    /// Returns what has severity `severity` alone.
    fn with(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.severity == severity)
    }

    /// Returns whether the rows of a table are held back from a role by nothing that its entity declares.
    fn is_unfiltered(&self, table: &AuditedTable, role: usize, access: &Access) -> bool {
        let scope = self.roles.get(role).and_then(|role| role.scope);
        let declared = table.scopes.iter().any(|declared| Some(declared.scope) == scope && declared.rows == ALL_ROWS);
        access.rows.as_ref().is_some_and(|rows| rows.starts_with(ALL_ROWS)) && !declared
    }

    /// Returns the schema that all tables are in, if there is one.
    fn only_schema(&self) -> Option<&str> {
        let schema = schema_of(&self.tables.first()?.name)?;
        self.tables.iter().all(|table| schema_of(&table.name) == Some(schema)).then_some(schema)
    }
}

/// Takes the schema off a name, where all are in that one.
fn short<'a>(name: &'a str, schema: Option<&str>) -> &'a str {
    match name.split_once('.') {
        Some((of, short)) if Some(of) == schema => short,
        _ => name,
    }
}

fn schema_of(name: &str) -> Option<&str> {
    name.split_once('.').map(|(schema, _)| schema)
}

/// Writes out a character that a terminal or a reader would take for something else than a part of a name: a control
/// character, or one that turns the direction of the text.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            plain.extend(character.escape_default());
        } else {
            plain.push(character);
        }
    }
    plain
}
