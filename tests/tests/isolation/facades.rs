//! Every entity in every scope: a hostile second tenant, and a hostile second person, get at nothing.
//!
//! Each case runs with all layers, and with row-level security switched off on every table: layer 2 holds alone.

use db::{OnConflict, prelude::*};
use entity::{
    Invitation, Member, Organization, OwnAccount, PersonalAccessToken, PlanStep, ResearchPlan, Session, User,
    invitation::{self, InvitationStatus},
    member::{self, MemberRole},
    organization, own_account, personal_access_token,
    plan_step::{self, StepStatus},
    research_plan::{self, PlanStatus},
    session, user,
};
use tests::Fixture;

use crate::{
    attack::{Loot, Target},
    world::{Side, rows_of, rows_of_person, switch_row_level_security_off, world},
};

/// Opens a context and attacks; what is done is committed, so that it would be there to be seen.
macro_rules! attack {
    (@open tenant, $f:ident, $context:ident) => {
        $f.db.tenant($context.organization, &$context.who)
    };
    (@open user, $f:ident, $context:ident) => {
        $f.db.user(&$context.who)
    };
    (@value) => {
        "stolen".to_owned()
    };
    (@value $value:expr) => {
        $value
    };
    (@key tenant, $side:ident) => {
        $side.organization.0
    };
    (@key user, $side:ident) => {
        $side.user().0
    };
    (
        $facade:ident in $module:ident by $column:ident, $scope:ident,
        [$f:ident, $context:ident, $own:ident, $other:ident]
        $(, update $writable:ident $(= $value:expr)?)? $(, delete $delete:ident)? $(, upsert $upsert:expr)?
    ) => {{
        let target = Target::<$facade>::new(
            $f,
            [$module::Column::Id, $module::Column::$column],
            [attack!(@key $scope, $own), attack!(@key $scope, $other)],
            $facade::find,
            |id| $facade::find_by_id(id),
        )
        .await;
        let loot = attack!(@open $scope, $f, $context).run(async |cx| target.read(cx).await).await?;
        $(
            let stolen = || attack!(@value $($value)?);
            let update = async |cx: &mut _| {
                let by_id = |id| {
                    $facade::update_by_id(id, $module::Draft { $writable: Set(stolen()), ..Default::default() })
                };
                let many = || {
                    $facade::update_many().set($module::Draft { $writable: Set(stolen()), ..Default::default() })
                };
                target.update(cx, by_id, many).await
            };
            let loot = [loot, attack!(@open $scope, $f, $context).run(update).await?].concat();
        )?
        $(
            let delete = async |cx: &mut _| target.$delete(cx, |id| $facade::delete_by_id(id), $facade::delete_many).await;
            let loot = [loot, attack!(@open $scope, $f, $context).run(delete).await?].concat();
        )?
        $(
            let insert = $upsert;
            let upsert = async |cx: &mut _| target.upsert(cx, &insert).await;
            let loot = [loot, attack!(@open $scope, $f, $context).run(upsert).await?].concat();
        )?
        Ok(loot)
    }};
}

/// Who attacks whom: the context is opened for `context`; that is `own`, but for the control.
type Sides<'a> = [&'a Side; 3];

async fn organization(f: &Fixture, [context, own, other]: Sides<'_>) -> db::Result<Loot> {
    attack!(Organization in organization by Id, tenant, [f, context, own, other], update name)
}

async fn member_of_tenant(f: &Fixture, [context, own, other]: Sides<'_>) -> db::Result<Loot> {
    attack!(Member in member by OrganizationId, tenant, [f, context, own, other], update role = MemberRole::Owner)
}

async fn invitation(f: &Fixture, [context, own, other]: Sides<'_>) -> db::Result<Loot> {
    attack!(
        Invitation in invitation by OrganizationId, tenant, [f, context, own, other],
        update status = InvitationStatus::Withdrawn
    )
}

async fn research_plan(f: &Fixture, [context, own, other]: Sides<'_>) -> db::Result<Loot> {
    let upsert = |id| {
        ResearchPlan::insert(research_plan::Draft {
            id: Set(id),
            title: Set("stolen".to_owned()),
            question: Set("stolen".to_owned()),
            status: Set(PlanStatus::Failed),
            ..Default::default()
        })
        .on_conflict(
            OnConflict::columns([research_plan::Column::Id])
                .update_columns([research_plan::Writable::Title, research_plan::Writable::Status]),
        )
    };
    attack!(
        ResearchPlan in research_plan by OrganizationId, tenant, [f, context, own, other],
        update title, delete delete, upsert upsert
    )
}

async fn plan_step(f: &Fixture, [context, own, other]: Sides<'_>) -> db::Result<Loot> {
    let plan_id = if context.organization == f.acme.id { f.acme.plan } else { f.globex.plan };
    let position = std::cell::Cell::new(100);
    let upsert = |id| {
        position.set(position.get() + 1);
        PlanStep::insert(plan_step::Draft {
            id: Set(id),
            plan_id: Set(plan_id),
            position: Set(position.get()),
            title: Set("stolen".to_owned()),
            status: Set(StepStatus::Failed),
            ..Default::default()
        })
        .on_conflict(
            OnConflict::columns([plan_step::Column::OrganizationId, plan_step::Column::Id])
                .update_columns([plan_step::Writable::Title]),
        )
    };
    attack!(
        PlanStep in plan_step by OrganizationId, tenant, [f, context, own, other],
        update title, delete delete, upsert upsert
    )
}

async fn user(f: &Fixture, [context, own, other]: Sides<'_>) -> db::Result<Loot> {
    attack!(User in user by Id, user, [f, context, own, other], update name)
}

async fn member_of_person(f: &Fixture, [context, own, other]: Sides<'_>) -> db::Result<Loot> {
    attack!(Member in member by UserId, user, [f, context, own, other])
}

async fn own_account(f: &Fixture, [context, own, other]: Sides<'_>) -> db::Result<Loot> {
    attack!(OwnAccount in own_account by UserId, user, [f, context, own, other])
}

async fn session(f: &Fixture, [context, own, other]: Sides<'_>) -> db::Result<Loot> {
    attack!(Session in session by UserId, user, [f, context, own, other], delete delete)
}

async fn personal_access_token(f: &Fixture, [context, own, other]: Sides<'_>) -> db::Result<Loot> {
    let upsert = |id: Uuid| {
        PersonalAccessToken::insert(personal_access_token::Draft {
            id: Set(id),
            name: Set(format!("stolen {id}")),
            token_digest: Set(vec![0; 32].into()),
            ..Default::default()
        })
        .on_conflict(
            OnConflict::columns([personal_access_token::Column::Id])
                .update_columns([personal_access_token::Writable::Name]),
        )
    };
    attack!(
        PersonalAccessToken in personal_access_token by UserId, user, [f, context, own, other],
        update name, delete delete, upsert upsert
    )
}

/// Attacks every entity of the tenant's scope. The plans go last: their steps go with them.
async fn attack_as_tenant(f: &Fixture, sides: Sides<'_>) -> db::Result<Vec<(&'static str, Loot)>> {
    Ok(vec![
        ("organization", organization(f, sides).await?),
        ("member", member_of_tenant(f, sides).await?),
        ("invitation", invitation(f, sides).await?),
        ("plan_step", plan_step(f, sides).await?),
        ("research_plan", research_plan(f, sides).await?),
    ])
}

/// Attacks every entity of a person's scope.
async fn attack_as_person(f: &Fixture, sides: Sides<'_>) -> db::Result<Vec<(&'static str, Loot)>> {
    Ok(vec![
        ("user", user(f, sides).await?),
        ("member", member_of_person(f, sides).await?),
        ("account", own_account(f, sides).await?),
        ("session", session(f, sides).await?),
        ("personal_access_token", personal_access_token(f, sides).await?),
    ])
}

async fn assert_a_tenant_gets_at_nothing(f: &Fixture, attacker: &Side) {
    let victim = Side::owner(&f.acme);
    let before = rows_of(f, &f.acme).await;
    for (table, loot) in attack_as_tenant(f, [attacker, attacker, &victim]).await.unwrap() {
        assert_eq!(loot, Loot::new(), "{table}");
    }
    assert_eq!(rows_of(f, &f.acme).await, before);
}

async fn assert_a_person_gets_at_nothing(f: &Fixture, attacker: &Side) {
    let victim = Side::owner(&f.acme);
    let before = rows_of_person(f, victim.user()).await;
    for (table, loot) in attack_as_person(f, [attacker, attacker, &victim]).await.unwrap() {
        assert_eq!(loot, Loot::new(), "{table}");
    }
    assert_eq!(rows_of_person(f, victim.user()).await, before);
}

#[tokio::test]
async fn a_tenant_gets_at_nothing_of_another() {
    let f = world().await;
    assert_a_tenant_gets_at_nothing(&f, &Side::owner(&f.globex)).await;
}

#[tokio::test]
async fn a_stranger_gets_at_nothing_of_a_person() {
    let f = world().await;
    assert_a_person_gets_at_nothing(&f, &Side::owner(&f.globex)).await;
}

#[tokio::test]
async fn a_colleague_gets_at_nothing_of_a_person() {
    let f = world().await;
    assert_a_person_gets_at_nothing(&f, &Side::member(&f.acme)).await;
}

#[tokio::test]
async fn with_layer_2_alone_a_tenant_gets_at_nothing_of_another() {
    let f = world().await;
    switch_row_level_security_off(&f).await;
    assert_a_tenant_gets_at_nothing(&f, &Side::owner(&f.globex)).await;
}

#[tokio::test]
async fn with_layer_2_alone_a_person_gets_at_nothing_of_another() {
    let f = world().await;
    switch_row_level_security_off(&f).await;
    assert_a_person_gets_at_nothing(&f, &Side::owner(&f.globex)).await;
    assert_a_person_gets_at_nothing(&f, &Side::member(&f.acme)).await;
}

/// The control of all attacks: in the victim's own context each of them succeeds, and is noticed.
#[tokio::test]
async fn an_attack_that_succeeds_is_noticed() {
    let f = world().await;
    let (context, own) = (Side::owner(&f.acme), Side::owner(&f.globex));
    let sides = [&context, &own, &context];
    let loot = [attack_as_person(&f, sides).await.unwrap(), attack_as_tenant(&f, sides).await.unwrap()].concat();
    let all = ["found", "selected", "updated", "deleted", "upserted"];
    for (table, loot) in loot {
        let verbs: &[_] = match table {
            "organization" | "invitation" | "user" => &all[..3],
            // A member of one's own is updated as a tenant, and not as a person.
            "account" | "member" => &all[..2],
            "session" => &["found", "selected", "deleted"],
            _ => &all,
        };
        for verb in verbs {
            assert!(loot.iter().any(|loot| loot.starts_with(verb)), "{table}: not {verb}: {loot:?}");
        }
    }
}

/// One person may be a member of two organizations; a context is of one all the same.
#[tokio::test]
async fn a_member_of_both_sees_in_a_context_of_one_nothing_of_the_other() {
    let f = world().await;
    let both = Side::owner(&f.globex);
    f.db.with_identity_context(async |cx| {
        Member::insert_into(
            member::ScopeColumns { organization_id: f.acme.id, user_id: both.user() },
            member::Draft { role: Set(MemberRole::Member), ..Default::default() },
        )
        .exec(cx)
        .await
    })
    .await
    .unwrap();
    f.db.with_tenant_context(f.acme.id, &both.who, async |cx| {
        assert_eq!(ResearchPlan::find().count(cx).await?, 1);
        Ok(())
    })
    .await
    .unwrap();

    assert_a_tenant_gets_at_nothing(&f, &both).await;
}
