//! The report as JSON.

use crate::audit::AuditReport;

impl AuditReport {
    /// Returns the report as JSON: its fields by their names, which stay.
    #[must_use]
    pub fn to_json(&self) -> String {
        // INVARIANT: only a map with keys that are no text, or a `Serialize` that fails, is no JSON; here is neither.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}
