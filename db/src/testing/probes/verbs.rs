//! The scoped verbs, which carry a predicate of their own: with row-level security and, in the control, without.

use sea_orm::{DbBackend, Statement};

use crate::{
    Context, Db, OrganizationId, Scope, ScopeKind,
    query::Verb,
    scope::{ScopeDeclaration, SelectColumns},
    testing::{
        Result,
        judge::{CHANGES, Judge, scope_key},
        report::Outcome,
        subject::{Subject, updates},
        world::{World, who},
    },
};

pub(super) async fn run(world: &World, subject: &Subject, database: &str) -> Result<Outcome> {
    let db = Db::connect(world.options(database)).await?;
    let mut outcome = Outcome::default();
    for declared in subject.entity.scopes {
        for verb in verbs(subject, declared) {
            attempt(&db, world, subject, declared, verb, &mut outcome).await?;
        }
    }
    db.close().await;
    Ok(outcome)
}

fn verbs(subject: &Subject, declared: &ScopeDeclaration) -> Vec<Verb> {
    let fixed = subject.entity.fixed_columns();
    let column = match declared.verbs.update {
        crate::scope::UpdateColumns::Only(columns) => columns.first().copied(),
        _ => subject.entity.columns().into_iter().find(|column| !fixed.contains(column)),
    };
    let mut verbs = vec![Verb::Count];
    // A part of the columns is no whole row.
    verbs.extend((declared.verbs.select == SelectColumns::All).then_some(Verb::All));
    verbs.extend(column.filter(|_| updates(declared)).map(Verb::Update));
    verbs.extend(declared.verbs.delete.then_some(Verb::Delete));
    verbs
}

async fn attempt(
    db: &Db,
    world: &World,
    subject: &Subject,
    declared: &'static ScopeDeclaration,
    verb: Verb,
    outcome: &mut Outcome,
) -> Result<()> {
    let (who, typed) = (who(&world.hostile), subject.entity.typed);
    let (met, changes) = match declared.scope {
        ScopeKind::Tenant => {
            let mut cx = db.tenant(OrganizationId::from(world.hostile.organization), &who).begin().await?;
            let met = (typed.tenant)(&mut cx, verb).await;
            (met, changes(cx).await?)
        }
        ScopeKind::User => {
            let mut cx = db.user(&who).begin().await?;
            let met = (typed.user)(&mut cx, verb).await;
            (met, changes(cx).await?)
        }
        ScopeKind::Identity => {
            let mut cx = db.identity().begin().await?;
            let met = (typed.identity)(&mut cx, verb).await;
            (met, changes(cx).await?)
        }
    };
    let what = format!("{verb:?}");
    let judge = Judge { world, subject, declared: Some(declared), own_key: scope_key(world, declared) };
    for breach in judge.breaches(&changes) {
        outcome.breach(Some(declared.scope), &breach, &what);
    }
    let expected = subject.view(declared.scope).map_or(0, |view| view.own.len());
    let reads = matches!(verb, Verb::Count | Verb::All);
    match met.map(|met| usize::try_from(met).unwrap_or(usize::MAX)) {
        Ok(met) if met > expected => {
            outcome.breach(Some(declared.scope), &format!("{met} rows are met, {expected} are its own"), &what);
        }
        Ok(met) if reads && met < expected => {
            outcome.refusal(declared.scope, &format!("{met} rows are met, {expected} are its own"), &what);
        }
        Err(error) if reads => outcome.refusal(declared.scope, &what, &error.to_string()),
        // A write of all rows at once may be refused for one of them; the other groups write them one by one.
        _ => {}
    }
    Ok(())
}

/// Returns what changed, and takes it back. After an error, nothing has.
async fn changes<S: Scope>(cx: Context<S>) -> Result<Vec<String>> {
    let reader: &Context<S, crate::ReadOnly> = &cx;
    let rows = reader.fetch_all(Statement::from_string(DbBackend::Postgres, CHANGES)).await.unwrap_or_default();
    let changes = rows.iter().map(|row| row.try_get_by_index::<String>(0)).collect::<Result<_, _>>();
    cx.rollback().await.ok();
    changes.map_err(|error| crate::testing::failure(error.to_string()))
}
