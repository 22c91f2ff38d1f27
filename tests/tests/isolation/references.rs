//! A row cannot be made for another tenant, nor point at another tenant's.

use db::{Error, prelude::*};
use entity::{
    Invitation, PlanStep, ResearchPlan, User, invitation,
    plan_step::{self, StepStatus},
    research_plan::{self, PlanStatus},
    user,
};
use tests::{Fixture, Org};

use crate::{
    inside::{Enter, Inside},
    witness::{self, Draft, ScopeColumns, Witness},
    world::{Side, rows_of, switch_row_level_security_off, world},
};

fn step_of(plan_id: Uuid) -> plan_step::Draft {
    plan_step::Draft {
        plan_id: Set(plan_id),
        position: Set(50),
        title: Set("points elsewhere".to_owned()),
        status: Set(StepStatus::Pending),
        ..Default::default()
    }
}

fn plan_by(user_id: UserId) -> research_plan::Draft {
    research_plan::Draft {
        title: Set("points elsewhere".to_owned()),
        question: Set("?".to_owned()),
        status: Set(PlanStatus::Planning),
        created_by: Set(Some(user_id)),
        ..Default::default()
    }
}

/// Makes rows of globex that point at a plan and a member, and returns how each was refused.
async fn point_at(f: &Fixture, plan: Uuid, member: UserId) -> Vec<Error> {
    let mut errors = Vec::new();
    f.db.with_tenant_context(f.globex.id, &f.globex.owner, async |cx| {
        macro_rules! refused {
            ($query:expr) => {
                errors.push(cx.savepoint(async |cx| $query.exec(cx).await).await.map(drop).unwrap_err())
            };
        }
        let own_step = f.globex.steps[0];
        let step = || plan_step::Draft { plan_id: Set(plan), ..Default::default() };
        refused!(PlanStep::insert(step_of(plan)));
        refused!(PlanStep::insert_many([step_of(f.globex.plan), step_of(plan)]));
        refused!(PlanStep::update_by_id(own_step, step()));
        refused!(PlanStep::update_many().set(step()));
        refused!(PlanStep::update_many().col_expr(plan_step::Writable::PlanId, plan));
        let plan = || research_plan::Draft { created_by: Set(Some(member)), ..Default::default() };
        refused!(ResearchPlan::insert(plan_by(member)));
        refused!(ResearchPlan::insert_many([plan_by(f.globex.owner.user_id()), plan_by(member)]));
        refused!(ResearchPlan::update_by_id(f.globex.plan, plan()));
        refused!(ResearchPlan::update_many().set(plan()));
        Ok(())
    })
    .await
    .unwrap();
    errors
}

/// The keys carry the tenant: another tenant's parent is as good as none, and cannot be distinguished from none.
#[tokio::test]
async fn a_row_cannot_point_at_a_row_of_another_tenant() {
    let f = world().await;
    let before = (rows_of(&f, &f.acme).await, rows_of(&f, &f.globex).await);
    for row_level_security in [true, false] {
        if !row_level_security {
            switch_row_level_security_off(&f).await;
        }
        let foreign = point_at(&f, f.acme.plan, f.acme.member.user_id()).await;
        let nowhere = point_at(&f, Uuid::now_v7(), UserId::new()).await;
        assert!(foreign.iter().all(Error::is_foreign_key_violation), "{foreign:?}");
        assert_eq!(format!("{foreign:?}"), format!("{nowhere:?}"), "row-level security: {row_level_security}");
    }
    assert_eq!((rows_of(&f, &f.acme).await, rows_of(&f, &f.globex).await), before);
}

/// Sign-in makes rows of every tenant; those of one cannot point at those of another all the same.
#[tokio::test]
async fn an_invitation_cannot_be_made_in_the_name_of_another_tenants_member() {
    let f = Fixture::new().await;
    let invite = |organization: &Org, inviter: &Org| {
        Invitation::insert_into(
            invitation::ScopeColumns { organization_id: organization.id },
            invitation::Draft {
                email: Set("guest@globex.example".to_owned()),
                expires_at: Set(DateTimeUtc::from_timestamp(4_102_444_800, 0).unwrap()),
                inviter_id: Set(Some(inviter.owner.user_id())),
                ..Default::default()
            },
        )
    };
    let foreign = f.db.with_identity_context(async |cx| invite(&f.globex, &f.acme).exec(cx).await).await;
    assert!(foreign.unwrap_err().is_foreign_key_violation());
    f.db.with_identity_context(async |cx| invite(&f.globex, &f.globex).exec(cx).await).await.unwrap();
}

/// The scope columns that a caller gives are the context's, or nothing is sent.
#[tokio::test]
async fn a_row_given_another_scopes_key_is_refused() {
    let f = Fixture::new().await;
    witness::make(&f).await;
    let own = ScopeColumns { organization_id: f.globex.id, user_id: f.globex.owner.user_id() };
    let other_tenant = ScopeColumns { organization_id: f.acme.id, ..own };
    let other_person = ScopeColumns { user_id: f.acme.owner.user_id(), ..own };
    let insert = |scope_columns| Witness::insert_into(scope_columns, Draft::default());

    f.db.with_tenant_context(f.globex.id, &f.globex.owner, async |cx| {
        assert!(insert(other_tenant).exec(cx).await.unwrap_err().is_foreign_scope());
        assert!(insert(other_tenant).exec_with_returning(cx).await.unwrap_err().is_foreign_scope());
        // Nothing was sent, or the context would be rolled back.
        insert(own).exec(cx).await
    })
    .await
    .unwrap();
    f.db.with_user_context(&f.globex.owner, async |cx| {
        assert!(insert(other_person).exec(cx).await.unwrap_err().is_foreign_scope());
        insert(own).exec(cx).await
    })
    .await
    .unwrap();

    // Nor as raw SQL, with the predicate left out.
    for (scope, enter, columns) in [
        ("tenant", Enter::Tenant(Side::owner(&f.globex)), other_tenant),
        ("user", Enter::User(Side::owner(&f.globex)), other_person),
    ] {
        let mut inside = Inside::new(&f, &enter, scope).await;
        let ScopeColumns { organization_id, user_id } = columns;
        let planted = format!(
            "INSERT INTO witness (id, organization_id, user_id) VALUES (gen_random_uuid(), '{organization_id}', '{user_id}')"
        );
        assert_eq!(inside.refusal(&planted).await.unwrap(), "42501", "{scope}");
        // The control.
        f.database.execute("ALTER TABLE witness DISABLE ROW LEVEL SECURITY").await;
        inside.send(&planted).await.unwrap();
        f.database.execute("ALTER TABLE witness ENABLE ROW LEVEL SECURITY").await;
    }
}

/// An update cannot change the key, and in a scope that may update some columns no other.
#[tokio::test]
async fn an_update_cannot_change_the_key_nor_a_column_that_the_scope_may_not() {
    let f = world().await;
    let before = (rows_of(&f, &f.acme).await, rows_of(&f, &f.globex).await);
    f.db.with_tenant_context(f.globex.id, &f.globex.owner, async |cx| {
        let moved = research_plan::Draft { id: Set(f.acme.plan), ..Default::default() };
        let changed = ResearchPlan::update_by_id(f.globex.plan, moved.clone()).exec(cx).await;
        assert!(changed.unwrap_err().is_key_changed());
        assert_eq!(ResearchPlan::update_many().set(moved).exec(cx).await?.rows_affected, 0);
        Ok(())
    })
    .await
    .unwrap();
    f.db.with_user_context(&f.globex.owner, async |cx| {
        let id = f.globex.owner.user_id();
        let email = || user::Draft { email: Set("owner@acme.example".to_owned()), ..Default::default() };
        assert!(User::update_by_id(id, email()).exec(cx).await.unwrap_err().is_foreign_scope());
        assert!(User::update_many().set(email()).exec(cx).await.unwrap_err().is_foreign_scope());
        let verified = User::update_many().col_expr(user::Writable::EmailVerified, true);
        assert!(verified.exec_with_returning(cx).await.unwrap_err().is_foreign_scope());
        Ok(())
    })
    .await
    .unwrap();
    let mut inside = Inside::new(&f, &Enter::User(Side::owner(&f.globex)), "user").await;
    for column in ["email = ''", "email_verified = true", "image = ''", "updated_at = now()", "id = id"] {
        assert_eq!(inside.refusal(&format!(r#"UPDATE "user" SET {column}"#)).await.unwrap(), "42501", "{column}");
    }
    assert_eq!((rows_of(&f, &f.acme).await, rows_of(&f, &f.globex).await), before);
}
