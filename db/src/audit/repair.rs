//! What repairs a finding: statements that are one transaction, and what people have to know or decide.

mod foreign_key;
mod others;
mod unique;

use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};

pub(super) use self::{
    foreign_key::{Missing, add_missing, carry_scope, is_repaired, keep_scope, validate},
    others::{bystanders, cut_off},
    unique::with_scope,
};
use super::{Code, Finding};
use crate::sql::quote;

/// What a statement that reads rows runs under: where row-level security would hide some of them it fails, and does not
/// take them for gone.
const SEE_ALL_ROWS: &str = "SET LOCAL row_security = off";

/// What repairs a finding.
///
/// The statements are one transaction: all of them, or none. Where they fail, the database is as it was. There are none
/// where what is right is not in the catalog: then [`advice`](Self::advice) says what has to be decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Repair {
    /// The statements, in their order, without those that begin and end the transaction.
    pub statements: Vec<String>,
    /// What to know before the statements are run, and what to decide where there are none; each a sentence.
    pub advice: Vec<String>,
}

impl Repair {
    /// Where no statement can repair it.
    pub(super) fn decide(what: impl Into<String>) -> Self {
        Self { statements: Vec::new(), advice: vec![what.into()] }
    }

    /// Adds a sentence.
    pub(super) fn advise(mut self, sentence: impl Into<String>) -> Self {
        self.advice.push(sentence.into());
        self
    }

    /// Adds sentences.
    pub(super) fn advise_all(mut self, sentences: impl IntoIterator<Item = String>) -> Self {
        self.advice.extend(sentences);
        self
    }

    /// Returns the statements as one transaction, to be run as they are; `None` where there are none.
    ///
    /// `psql` runs it, and so does whatever sends several statements in one message, such as `execute_unprepared` of
    /// SeaORM. Where a statement fails nothing is changed; a session that goes on has to roll back first.
    #[must_use]
    pub fn script(&self) -> Option<String> {
        if self.statements.is_empty() {
            return None;
        }
        let ended = |statement: &String| format!("{};\n", statement.trim_end().trim_end_matches(';'));
        let statements: String = self.statements.iter().map(ended).collect();
        Some(format!("BEGIN;\n{statements}COMMIT;\n"))
    }
}

impl From<Vec<String>> for Repair {
    fn from(statements: Vec<String>) -> Self {
        Self { statements, advice: Vec::new() }
    }
}

impl From<String> for Repair {
    fn from(statement: String) -> Self {
        vec![statement].into()
    }
}

/// With the script beside the statements, for who runs it.
impl Serialize for Repair {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut repair = serializer.serialize_struct("Repair", 3)?;
        repair.serialize_field("script", &self.script())?;
        repair.serialize_field("statements", &self.statements)?;
        repair.serialize_field("advice", &self.advice)?;
        repair.end()
    }
}

/// Puts findings into the order in which their repairs work: the worst first, and among those what others need.
///
/// The sort is stable: findings of one code at one place stay as they were found.
pub(super) fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        let order = |finding: &Finding| (std::cmp::Reverse(finding.severity), finding.code.step(), finding.code);
        order(a).cmp(&order(b)).then_with(|| {
            // Missing tables are found in the order in which they point at each other.
            if a.code == Code::EntityTableMissing { std::cmp::Ordering::Equal } else { a.object.cmp(&b.object) }
        })
    });
}

/// Takes a list of columns from the start of a definition, each in quotes or not.
fn columns_of<'a>(definition: &'a str, columns: &[&str]) -> Option<&'a str> {
    let mut rest = definition;
    for (n, column) in columns.iter().enumerate() {
        rest = if n == 0 { rest } else { rest.strip_prefix(", ")? };
        rest = rest.strip_prefix(&quote(column)).or_else(|| rest.strip_prefix(column))?;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::Repair;

    #[test]
    fn a_script_is_one_transaction() {
        let repair = Repair::from(vec!["SELECT 1".to_owned(), "SELECT $$a;\nb$$;\n".to_owned()]);
        assert_eq!(repair.script().as_deref(), Some("BEGIN;\nSELECT 1;\nSELECT $$a;\nb$$;\nCOMMIT;\n"));
        assert_eq!(Repair::decide("this").script(), None);
    }

    #[test]
    fn a_repair_is_read_back_from_what_it_is_written_as() {
        for repair in [Repair::from("SELECT 1".to_owned()).advise("it takes a lock"), Repair::decide("this")] {
            let json = serde_json::to_string(&repair).expect("a repair is JSON");
            assert!(json.contains("\"script\":"), "{json}");
            assert_eq!(serde_json::from_str::<Repair>(&json).expect("what was written"), repair);
        }
    }
}
