//! The repairs as SQL.

use super::plain;
use crate::audit::{AuditReport, Finding};

impl AuditReport {
    /// Returns the repairs as SQL, in the order in which they work: for each finding that statements repair a
    /// transaction of its own, below what has to be known first, as remarks. What is left to decide stands at the end,
    /// as remarks.
    ///
    /// It is to be read before it is run; `psql -v ON_ERROR_STOP=1` runs it. A transaction that fails changes nothing,
    /// and those before it stay done.
    #[must_use]
    pub fn to_sql(&self) -> String {
        let mut sql = String::new();
        for (finding, script) in self.repaired() {
            sql.push_str(&remarks(finding));
            sql.push_str(&script);
            sql.push('\n');
        }
        for finding in self.undecided() {
            sql.push_str("-- To be decided:\n");
            sql.push_str(&remarks(finding));
            sql.push('\n');
        }
        sql
    }

    /// Returns the findings that statements repair, each with the transaction.
    pub(super) fn repaired(&self) -> impl Iterator<Item = (&Finding, String)> {
        self.findings.iter().filter_map(|finding| Some((finding, finding.repair.script()?)))
    }

    /// Returns the findings of which something has to be decided before there is a statement.
    pub(super) fn undecided(&self) -> impl Iterator<Item = &Finding> {
        let repairs = self.findings.iter().filter(|finding| finding.repair.statements.is_empty());
        repairs.filter(|finding| !finding.repair.advice.is_empty())
    }
}

/// What it is for, and what to know first.
pub(super) fn remarks(finding: &Finding) -> String {
    let what = format!("-- {}\n", plain(&format!("{}, {}", finding.code, finding.object)));
    finding.repair.advice.iter().fold(what, |remarks, sentence| remarks + "-- " + &plain(sentence) + "\n")
}

/// Writes out a script to be read and copied. A name with characters that would not be seen is another in there, and
/// then that is said.
pub(super) fn shown(script: &str) -> String {
    let lines: String = script.lines().map(|line| plain(line) + "\n").collect();
    if lines == script {
        return lines;
    }
    format!(
        "-- Not to be run as it stands here: a name has characters that are written out. `--format sql` has it.\n{lines}"
    )
}
