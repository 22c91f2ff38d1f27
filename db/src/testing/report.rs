//! What the probes find.

use std::fmt;

use crate::ScopeKind;

/// What one group of probes found of one entity.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// Rows of others that were seen or changed.
    pub(super) breaches: Vec<String>,
    /// What a context may do to its own rows, and could not.
    pub(super) refusals: Vec<String>,
    /// What is found and declared, or tells nothing.
    pub(super) known: Vec<String>,
}

/// What the probes of all entities found; what [`isolation`](super::isolation) returns.
#[derive(Clone, Debug, Default)]
#[must_use = "a report is to be looked at: `assert`"]
pub struct IsolationReport {
    failures: Vec<(String, String)>,
    passed: Vec<String>,
}

impl Outcome {
    pub(super) fn add(&mut self, other: Self) {
        self.breaches.extend(other.breaches);
        self.refusals.extend(other.refusals);
        self.known.extend(other.known);
    }

    pub(super) fn breach(&mut self, scope: Option<ScopeKind>, what: &str, sql: &str) {
        let scope = scope.map_or("in no scope", ScopeKind::as_str);
        self.breaches.push(format!("[{scope}] {what}: {}", shortened(sql)));
    }

    pub(super) fn refusal(&mut self, scope: ScopeKind, what: &str, why: &str) {
        self.refusals.push(format!("[{}] {what}: {}", scope.as_str(), shortened(why)));
    }

    /// Returns what is wrong, one finding a line.
    pub(super) fn check(&self) -> Result<(), String> {
        let mut lines: Vec<_> = self.breaches.iter().map(|line| format!("isolation is broken {line}")).collect();
        lines.extend(self.refusals.iter().map(|line| format!("a context cannot do what it may {line}")));
        lines.dedup();
        if lines.is_empty() { Ok(()) } else { Err(lines.join("\n")) }
    }
}

impl IsolationReport {
    pub(super) fn add(&mut self, test: String, result: Result<(), String>) {
        match result {
            Ok(()) => self.passed.push(test),
            Err(why) => self.failures.push((test, why)),
        }
    }

    /// Returns the names of the tests that passed.
    #[must_use]
    pub fn passed(&self) -> &[String] {
        &self.passed
    }

    /// Returns the tests that failed, with what they found.
    #[must_use]
    pub fn failures(&self) -> &[(String, String)] {
        &self.failures
    }

    /// Checks that every test passed, and that there were some.
    ///
    /// # Panics
    ///
    /// If one failed.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.failures.is_empty() && !self.passed.is_empty(), "{self}");
    }
}

impl fmt::Display for IsolationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (test, why) in &self.failures {
            writeln!(f, "{test}\n{why}")?;
        }
        write!(f, "{} passed, {} failed", self.passed.len(), self.failures.len())
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(400) {
        Some((at, _)) => format!("{} …", &text[..at]),
        None => text.to_owned(),
    }
}
