//! What goes with a row of one's own.

use crate::testing::{Result, probe::Probe};

/// Each row of its own is removed, by its key: whatever goes with it is its own too, in every table.
pub(super) async fn run(probe: &mut Probe<'_>) -> Result<()> {
    let subject = probe.subject;
    for line in probe.own() {
        let is = subject.is(line, probe.declared);
        if !is.is_empty() {
            probe.attack(&format!("DELETE FROM {} WHERE {is}", subject.sql)).await?;
        }
    }
    Ok(())
}
