//! What a context may remove.

use crate::{
    scope::ScopeDeclaration,
    testing::{Result, probe::Probe},
};

pub(super) async fn run(probe: &mut Probe<'_>, declared: &'static ScopeDeclaration) -> Result<()> {
    let subject = probe.subject;
    probe.attack(&format!("DELETE FROM {}", subject.sql)).await?;
    probe.attack(&format!("DELETE FROM {} t USING {} u WHERE t = u", subject.sql, subject.sql)).await?;
    for line in probe.foreign() {
        let is = subject.is(line, Some(declared));
        if !is.is_empty() {
            probe.attack(&format!("DELETE FROM {} WHERE {is}", subject.sql)).await?;
        }
    }
    if !declared.verbs.delete {
        return Ok(());
    }
    let mut why = String::new();
    for line in probe.own() {
        let sql = format!("DELETE FROM {} WHERE {}", subject.sql, subject.is(line, Some(declared)));
        match probe.answer(&sql).await? {
            Ok(done) if done.changed => return Ok(()),
            Ok(_) => "no row was found".clone_into(&mut why),
            Err(refused) => why = refused.message,
        }
    }
    probe.outcome.refusal(declared.scope, "no row of one's own can be deleted", &why);
    Ok(())
}
