//! The report as text, for a terminal.

use std::collections::HashMap;

use comfy_table::{Cell, ColumnConstraint, ContentArrangement, Table, presets::UTF8_FULL};

use super::{
    plain,
    sql::{remarks, shown},
};
use crate::{
    audit::{AuditReport, Finding, Object},
    code::Severity,
};

/// The narrowest that has room for a column each.
const WIDE: u16 = 110;
/// How many objects of which the same is found are named.
const NAMED: usize = 10;
/// What is assumed where nobody knows.
const USUAL: u16 = 120;

impl AuditReport {
    /// Returns the report as text: the findings as a table, the repairs, each a transaction that can be copied and
    /// run, what has to be decided, the acceptances with their reasons, what was not looked at, and a line that sums it
    /// up, which is the last.
    ///
    /// `colour` is for a terminal that has it, `width` how many characters it has a line; 120 where nobody knows. Characters
    /// that a terminal would act on are written out, whatever a table is named.
    #[must_use]
    pub fn to_text(&self, colour: bool, width: Option<u16>) -> String {
        let mut text = String::new();
        if !self.findings.is_empty() {
            push(&mut text, &self.table(colour, width.unwrap_or(USUAL).max(40)));
        }
        let repairs: Vec<_> = self.repaired().map(|(finding, script)| remarks(finding) + &shown(&script)).collect();
        if !repairs.is_empty() {
            title(&mut text, "Repairs, each a transaction, to be read before they are run", colour);
            text.push_str(&repairs.join("\n"));
        }
        section(&mut text, "To be decided", colour, self.undecided().map(decide));
        let accepted = self.accepted.iter().map(|accepted| {
            let Finding { severity, code, object, .. } = &accepted.finding;
            plain(&format!("{severity} {code}, {object}: {}", accepted.reason))
        });
        section(&mut text, "Accepted findings", colour, accepted);
        section(&mut text, "Not looked at", colour, self.not_looked_at.iter().map(|sentence| plain(sentence)));
        if !text.is_empty() {
            text.push('\n');
        }
        push(&mut text, &self.summary(colour));
        text
    }

    fn table(&self, colour: bool, width: u16) -> String {
        let mut table = Table::new();
        table
            .load_style(UTF8_FULL.with_solid_inner_borders().with_rounded_corners())
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width);
        let wide = width >= WIDE;
        if wide {
            table.set_header(["Severity", "Code", "Object", "What it means"]);
            table.set_constraints([ColumnConstraint::ContentWidth, ColumnConstraint::ContentWidth]);
        } else {
            table.set_header(["Severity", "Finding"]);
            table.set_constraints([ColumnConstraint::ContentWidth]);
        }
        for (Finding { severity, code, message, .. }, objects) in self.rows() {
            let (objects, message) = (named(&objects), plain(message));
            if wide {
                table.add_row([severity.as_str(), code.as_str(), &objects, &message].map(Cell::new));
            } else {
                table.add_row([severity.to_string(), format!("{code}\n{objects}\n{message}")]);
            }
        }
        let lines = table.lines().map(|line| if colour { coloured(&line) } else { line });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Returns the rows of the table: what says the same of many objects is one, where the first of them stands.
    fn rows(&self) -> Vec<(&Finding, Vec<&Object>)> {
        let mut rows: Vec<(&Finding, Vec<&Object>)> = Vec::new();
        let mut at = HashMap::new();
        for finding in &self.findings {
            let row = *at.entry((finding.severity, finding.code, &finding.message)).or_insert(rows.len());
            match rows.get_mut(row) {
                Some((_, objects)) => objects.push(&finding.object),
                None => rows.push((finding, vec![&finding.object])),
            }
        }
        rows
    }

    fn summary(&self, colour: bool) -> String {
        let counts = [Severity::Error, Severity::Warn, Severity::Info].map(|severity| {
            let count = self.with(severity).count();
            let said = format!("{count} {severity}");
            if colour && count > 0 { paint(&said, severity) } else { said }
        });
        format!(
            "{} (PostgreSQL {}), looked at as {}: {}, {} accepted",
            plain(&self.database),
            plain(&self.server_version),
            plain(&self.looked_as),
            counts.join(", "),
            self.accepted.len(),
        )
    }
}

/// Names objects, a line each; of many the first, and how many more there are.
fn named(objects: &[&Object]) -> String {
    let first = objects.iter().take(NAMED).map(|object| plain(&object.to_string()));
    let more = objects.len().saturating_sub(NAMED);
    let more = (more > 0).then(|| format!("and {more} more"));
    first.chain(more).collect::<Vec<_>>().join("\n")
}

fn decide(finding: &Finding) -> String {
    let said = plain(&format!("{}, {}", finding.code, finding.object));
    finding.repair.advice.iter().fold(said, |said, sentence| format!("{said}\n    {}", plain(sentence)))
}

fn title(text: &mut String, title: &str, colour: bool) {
    if !text.is_empty() {
        text.push('\n');
    }
    push(text, &if colour { format!("\x1b[1m{title}\x1b[0m") } else { title.to_owned() });
}

fn section(text: &mut String, name: &str, colour: bool, items: impl Iterator<Item = String>) {
    for (n, item) in items.enumerate() {
        if n == 0 {
            title(text, name, colour);
        }
        push(text, &format!("  {item}"));
    }
}

fn push(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// Colours the severity in a line of the table: it is what the first cell starts with, and nothing else is there.
fn coloured(line: &str) -> String {
    for severity in [Severity::Error, Severity::Warn, Severity::Info] {
        if let Some(rest) = line.strip_prefix("│ ").and_then(|rest| rest.strip_prefix(severity.as_str())) {
            return format!("│ {}{rest}", paint(severity.as_str(), severity));
        }
    }
    line.to_owned()
}

fn paint(text: &str, severity: Severity) -> String {
    let colour = match severity {
        Severity::Error => 31,
        Severity::Warn => 33,
        Severity::Info => 36,
    };
    format!("\x1b[1;{colour}m{text}\x1b[0m")
}
