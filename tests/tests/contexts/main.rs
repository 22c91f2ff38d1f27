//! What a context keeps, and what it takes back.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod commits;
mod handed_over;
mod opened_for;
mod savepoints;
mod single;

use db::{Error, prelude::*};
use entity::{
    PersonalAccessToken, PlanStep, ResearchPlan, plan_step,
    research_plan::{Column, Draft, PlanStatus, Writable},
};
use futures::FutureExt;
use tests::{Fixture, Org};

fn titled(title: &str) -> Draft {
    Draft { title: Set(title.to_owned()), question: Set("?".to_owned()), ..Default::default() }
}

/// The titles of an organization's plans, oldest first, from a context of their own.
async fn titles(f: &Fixture, org: &Org) -> Vec<String> {
    let plans = f
        .db
        .with_tenant_context(org.id, &org.owner, async |cx| ResearchPlan::find().order_by_asc(Column::Id).all(cx).await)
        .await
        .unwrap();
    plans.into_iter().map(|plan| plan.title).collect()
}

#[tokio::test]
async fn ok_commits_and_err_rolls_back() {
    let f = Fixture::new().await;
    let (id, who) = (f.acme.id, &f.acme.owner);
    f.db.with_tenant_context(id, who, async |cx| ResearchPlan::insert(titled("kept")).exec(cx).await).await.unwrap();
    let result: Result<(), _> =
        f.db.with_tenant_context(id, who, async |cx| {
            ResearchPlan::insert(titled("taken back")).exec(cx).await?;
            ResearchPlan::delete_by_id(Uuid::nil()).exec(cx).await
        })
        .await;
    assert!(result.unwrap_err().is_not_found());
    assert_eq!(titles(&f, &f.acme).await, ["plan of acme", "kept"]);
}

#[tokio::test]
async fn a_panic_rolls_back_and_the_pool_goes_on() {
    let f = Fixture::with(|options| options.max_connections(1)).await;
    let panicking = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        ResearchPlan::insert(titled("taken back")).exec(cx).await?;
        assert!(cx.user_id().is_none(), "on purpose");
        Ok(())
    });
    assert!(std::panic::AssertUnwindSafe(panicking).catch_unwind().await.is_err());
    assert_eq!(titles(&f, &f.acme).await, ["plan of acme"]);
}

#[tokio::test]
async fn a_context_begun_by_hand_rolls_back_unless_it_is_committed() {
    let f = Fixture::new().await;
    for (title, commit) in [("dropped", false), ("committed", true)] {
        let cx = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
        ResearchPlan::insert(titled(title)).exec(&cx).await.unwrap();
        if commit {
            cx.commit().await.unwrap();
        } else {
            drop(cx);
        }
    }
    let cx = f.db.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    ResearchPlan::insert(titled("rolled back")).exec(&cx).await.unwrap();
    cx.rollback().await.unwrap();
    assert_eq!(titles(&f, &f.acme).await, ["plan of acme", "committed"]);
}

#[tokio::test]
async fn a_context_knows_what_it_was_opened_for() {
    let f = Fixture::new().await;
    let (acme, owner) = (f.acme.id, f.acme.owner.user_id());
    let ids = f.db.with_tenant_context(acme, &f.acme.owner, async |cx| Ok((cx.organization_id(), cx.user_id()))).await;
    assert_eq!(ids.unwrap(), (acme, Some(owner)));
    let ids =
        f.db.system_tenant(acme, "test").run(async |cx| Ok::<_, Error>((cx.organization_id(), cx.user_id()))).await;
    assert_eq!(ids.unwrap(), (acme, None));
    let id = f.db.with_user_context(&f.acme.owner, async |cx| Ok(cx.user_id())).await;
    assert_eq!(id.unwrap(), owner);
    let who = f.db.with_identity_context(async |cx| Ok(cx.authenticated(owner))).await;
    assert_eq!(who.unwrap(), f.acme.owner);
}

#[tokio::test]
async fn a_system_context_reads_and_writes_one_organization() {
    let f = Fixture::new().await;
    let plan =
        f.db.system_tenant(f.acme.id, "nightly clean-up")
            .run(async |cx| {
                assert_eq!(ResearchPlan::find().count(cx).await?, 1);
                assert!(ResearchPlan::find_by_id(f.globex.plan).one(cx).await?.is_none());
                ResearchPlan::insert(titled("by a job")).exec_with_returning(cx).await
            })
            .await
            .unwrap();
    assert_eq!((plan.organization_id, plan.created_by), (f.acme.id, None));
    assert_eq!(titles(&f, &f.globex).await, ["plan of globex"]);

    let unknown = f.db.system_tenant(OrganizationId::new(), "nobody's");
    let error = unknown.run(async |cx| ResearchPlan::insert(titled("lost")).exec(cx).await).await.unwrap_err();
    assert!(error.is_foreign_key_violation(), "{error}");
}

#[tokio::test]
async fn a_savepoint_keeps_on_ok_and_takes_back_on_err_and_the_context_goes_on() {
    let f = Fixture::new().await;
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        ResearchPlan::insert(titled("before")).exec(cx).await?;
        cx.savepoint(async |cx| {
            ResearchPlan::insert(titled("kept")).exec(cx).await?;
            let inner: Result<(), Error> = cx
                .savepoint(async |cx| {
                    ResearchPlan::insert(titled("nested, taken back")).exec(cx).await?;
                    ResearchPlan::delete_by_id(Uuid::nil()).exec(cx).await
                })
                .await;
            assert!(inner.unwrap_err().is_not_found());
            Ok::<_, Error>(())
        })
        .await?;
        let taken_back: Result<(), Error> = cx
            .savepoint(async |cx| {
                ResearchPlan::insert(titled("taken back")).exec(cx).await?;
                // A failed statement aborts a transaction; the savepoint saves it.
                PlanStep::insert(plan_step::Draft { plan_id: Set(f.globex.plan), ..Default::default() })
                    .exec(cx)
                    .await?;
                Ok(())
            })
            .await;
        assert!(taken_back.is_err());
        ResearchPlan::insert(titled("after")).exec(cx).await?;
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(titles(&f, &f.acme).await, ["plan of acme", "before", "kept", "after"]);
}

#[tokio::test]
async fn a_savepoint_whose_future_is_dropped_is_taken_back() {
    let f = Fixture::new().await;
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        let inserted = tokio::sync::Notify::new();
        let never = cx.savepoint(async |cx| {
            ResearchPlan::insert(titled("taken back")).exec(cx).await?;
            inserted.notify_one();
            std::future::pending::<Result<(), Error>>().await
        });
        tokio::select! {
            _ = never => unreachable!(),
            () = inserted.notified() => {}
        }
        ResearchPlan::insert(titled("after")).exec(cx).await?;
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(titles(&f, &f.acme).await, ["plan of acme", "after"]);
}

#[tokio::test]
async fn a_panic_in_a_savepoint_takes_it_back() {
    let f = Fixture::new().await;
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        let panicking = cx.savepoint(async |cx| {
            ResearchPlan::insert(titled("taken back")).exec(cx).await?;
            assert!(cx.user_id().is_none(), "on purpose");
            Ok::<_, Error>(())
        });
        assert!(std::panic::AssertUnwindSafe(panicking).catch_unwind().await.is_err());
        ResearchPlan::insert(titled("after")).exec(cx).await?;
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(titles(&f, &f.acme).await, ["plan of acme", "after"]);
}

/// `COMMIT` of an aborted transaction succeeds in PostgreSQL, and rolls back.
#[tokio::test]
async fn an_error_that_the_closure_swallows_is_no_success() {
    let f = Fixture::new().await;
    let swallow = async |cx: &mut TenantContext| {
        ResearchPlan::insert(titled("lost")).exec(cx).await?;
        let failed = ResearchPlan::insert(titled("")).exec(cx).await;
        assert!(failed.unwrap_err().is_check_violation());
        Ok::<_, Error>(())
    };
    let error = f.db.with_tenant_context(f.acme.id, &f.acme.owner, swallow).await.unwrap_err();
    assert!(error.is_rolled_back(), "{error}");

    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        let error = cx.savepoint(swallow).await.unwrap_err();
        assert!(error.is_rolled_back(), "{error}");
        ResearchPlan::insert(titled("after")).exec(cx).await?;
        Ok(())
    })
    .await
    .unwrap();

    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        ResearchPlan::insert(titled("")).exec(cx).await.unwrap_err();
        let next = ResearchPlan::find().count(cx).await.unwrap_err();
        assert!(next.is_rolled_back(), "{next}");
        let nested = cx.savepoint(async |_| Ok::<_, Error>(())).await.unwrap_err();
        assert!(nested.is_rolled_back(), "{nested}");
        Err::<(), _>(next)
    })
    .await
    .unwrap_err();
    assert_eq!(titles(&f, &f.acme).await, ["plan of acme", "after"]);
}

/// A helper that only reads takes a reader, and works in both kinds of context.
async fn count(cx: &TenantReader) -> db::Result<u64> {
    ResearchPlan::find().count(cx).await
}

#[tokio::test]
async fn a_read_only_context_is_one_for_the_database_too() {
    let f = Fixture::new().await;
    let reader = f.db.tenant(f.acme.id, &f.acme.owner).read_only().begin().await.unwrap();
    let (plans, steps): (_, u64) =
        tokio::try_join!(ResearchPlan::find().all(&reader), PlanStep::find().count(&reader)).unwrap();
    assert_eq!((plans.len(), steps), (1, 3));
    reader.commit().await.unwrap();

    // A function that writes is all that an expression could smuggle in.
    f.database
        .execute(&format!(
            "CREATE SEQUENCE s; GRANT USAGE ON s TO {};
             CREATE FUNCTION draw() RETURNS bigint LANGUAGE sql AS $$ SELECT nextval('s') $$",
            f.database.role("tenant")
        ))
        .await;
    let writing = || ResearchPlan::find().filter(Expr::expr(Func::cust("draw")).gt(0));
    let result = f.db.tenant(f.acme.id, &f.acme.owner).read_only().run(async |cx| writing().count(cx).await).await;
    assert_eq!(result.unwrap_err().sqlstate(), Some("25006"));
    let result = f.db.tenant(f.acme.id, &f.acme.owner).run(async |cx| writing().count(cx).await).await;
    assert_eq!(result.unwrap(), 1);

    let writing = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| count(cx).await).await.unwrap();
    let reading = f.db.tenant(f.acme.id, &f.acme.owner).read_only().run(async |cx| count(cx).await).await.unwrap();
    assert_eq!((writing, reading), (1, 1));
}

#[tokio::test]
async fn a_context_has_the_isolation_level_it_asks_for() {
    let f = Fixture::new().await;
    let (id, who) = (f.acme.id, &f.acme.owner);
    for (level, sees) in [(IsolationLevel::ReadCommitted, 2), (IsolationLevel::RepeatableRead, 1)] {
        let reader = f.db.tenant(id, who).read_only().isolation(level).begin().await.unwrap();
        assert_eq!(ResearchPlan::find().count(&reader).await.unwrap(), 1);
        let new =
            f.db.with_tenant_context(id, who, async |cx| ResearchPlan::insert(titled("meanwhile")).exec(cx).await)
                .await
                .unwrap();
        assert_eq!(ResearchPlan::find().count(&reader).await.unwrap(), sees, "{level}");
        reader.commit().await.unwrap();
        f.db.with_tenant_context(id, who, async |cx| ResearchPlan::delete_by_id(new).exec(cx).await).await.unwrap();
    }
}

/// Two serializable transactions read what the other writes: one of them has to fail, at its commit.
#[tokio::test]
async fn a_serialization_failure_says_so() {
    let f = Fixture::new().await;
    let open = || f.db.tenant(f.acme.id, &f.acme.owner).isolation(IsolationLevel::Serializable).begin();
    let (one, other) = tokio::try_join!(open(), open()).unwrap();
    for (cx, title) in [(&one, "one"), (&other, "other")] {
        ResearchPlan::find().count(cx).await.unwrap();
        ResearchPlan::insert(titled(title)).exec(cx).await.unwrap();
    }
    let results = [one.commit().await, other.commit().await];
    let failures: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    assert_eq!(failures.len(), 1);
    assert!(failures[0].is_serialization_failure(), "{}", failures[0]);
    assert!(!failures[0].is_outcome_unknown());
    assert_eq!(titles(&f, &f.acme).await.len(), 2);
}

#[tokio::test]
async fn a_deadlock_says_so() {
    let f = Fixture::new().await;
    let [first, second] = [f.acme.steps[0], f.acme.steps[1]];
    let rename = |id| PlanStep::update_by_id(id, plan_step::Draft { title: Set("x".to_owned()), ..Default::default() });
    let barrier = tokio::sync::Barrier::new(2);
    let both = async |a, b| {
        f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
            rename(a).exec(cx).await?;
            barrier.wait().await;
            rename(b).exec(cx).await?;
            Ok(())
        })
        .await
    };
    let (one, other) = tokio::join!(both(first, second), both(second, first));
    let failures: Vec<_> = [one, other].into_iter().filter_map(Result::err).collect();
    assert_eq!(failures.len(), 1);
    assert!(failures[0].is_serialization_failure(), "{}", failures[0]);
}

#[tokio::test]
async fn a_context_inside_a_context_is_an_error_not_a_deadlock() {
    let f = Fixture::with(|options| options.max_connections(1)).await;
    let (id, who) = (f.acme.id, &f.acme.owner);
    let error =
        f.db.with_tenant_context(id, who, async |_| {
            f.db.with_user_context(who, async |cx| PersonalAccessToken::find().count(cx).await).await
        })
        .await
        .unwrap_err();
    assert!(error.is_nested(), "{error}");
    let by_hand = f.db.with_user_context(who, async |_| f.db.identity().begin().await.map(drop)).await.unwrap_err();
    assert!(by_hand.is_nested(), "{by_hand}");
    // Another pool is another matter, and so are two contexts side by side.
    let other = f.database.db().await;
    f.db.with_tenant_context(id, who, async |_| other.with_user_context(who, async |_| Ok(())).await).await.unwrap();
    let (a, b) = tokio::join!(titles(&f, &f.acme), titles(&f, &f.acme));
    assert_eq!(a, b);
}

#[tokio::test]
async fn contexts_work_in_spawned_tasks() {
    let f = Fixture::new().await;
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let org = if n % 2 == 0 { &f.acme } else { &f.globex };
            let (db, id, who) = (f.db.clone(), org.id, org.owner.clone());
            tokio::spawn(async move {
                db.with_tenant_context(id, &who, async |cx| {
                    let plan = cx.savepoint(async |cx| ResearchPlan::insert(titled("spawned")).exec(cx).await).await?;
                    let plan = ResearchPlan::find_by_id(plan).one(cx).await?;
                    Ok(plan.is_some_and(|plan| plan.organization_id == id))
                })
                .await
            })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap().unwrap());
    }
    assert_eq!((titles(&f, &f.acme).await.len(), titles(&f, &f.globex).await.len()), (5, 5));
}

#[tokio::test]
async fn a_closure_may_return_an_error_of_its_own() {
    #[derive(Debug)]
    enum MyError {
        Db(#[expect(dead_code, reason = "printed by `Debug`")] Error),
        NoPlan,
    }
    impl From<Error> for MyError {
        fn from(error: Error) -> Self {
            Self::Db(error)
        }
    }
    let f = Fixture::new().await;
    let result =
        f.db.tenant(f.acme.id, &f.acme.owner)
            .read_only()
            .run(async |cx| ResearchPlan::find_by_id(f.globex.plan).one(cx).await?.ok_or(MyError::NoPlan))
            .await;
    assert!(matches!(result, Err(MyError::NoPlan)));
}

#[tokio::test]
async fn writes_return_rows_and_touch_updated_at() {
    let f = Fixture::new().await;
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        let id = Uuid::now_v7();
        let made = ResearchPlan::insert(Draft { id: Set(id), ..titled("new") }).exec_with_returning(cx).await?;
        assert_eq!((made.id, made.organization_id, made.status), (id, f.acme.id, PlanStatus::Planning));
        let changed = ResearchPlan::update_by_id(id, Draft { id: Set(id), ..titled("newer") }).exec(cx).await?;
        assert_eq!((changed.title.as_str(), changed.created_at), ("newer", made.created_at));
        assert!(changed.updated_at > made.updated_at);
        let unchanged = ResearchPlan::update_by_id(id, Draft::default()).exec(cx).await?;
        assert_eq!(unchanged, changed);

        let moved =
            ResearchPlan::update_by_id(id, Draft { id: Set(Uuid::now_v7()), ..Default::default() }).exec(cx).await;
        assert!(moved.unwrap_err().is_key_changed());

        let stalled = ResearchPlan::update_many()
            .col_expr(Writable::Status, Expr::value(PlanStatus::Stalled))
            .set(Draft { question: Set("why?".to_owned()), ..Default::default() })
            .filter(Column::Id.eq(id))
            .exec_with_returning(cx)
            .await?;
        assert_eq!((stalled[0].status, stalled[0].question.as_str()), (PlanStatus::Stalled, "why?"));
        let deleted = ResearchPlan::delete_by_id(id).exec_with_returning(cx).await?;
        assert_eq!(deleted, stalled[0]);
        assert!(ResearchPlan::delete_by_id(id).exec(cx).await.unwrap_err().is_not_found());
        Ok(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn selects_have_seaorms_verbs() {
    let f = Fixture::new().await;
    f.db.tenant(f.acme.id, &f.acme.owner)
        .read_only()
        .run(async |cx| {
            use plan_step::Column;
            let step = |n: usize| f.acme.steps[n];
            let ids = |steps: Vec<plan_step::Model>| steps.into_iter().map(|step| step.id).collect::<Vec<_>>();
            let by_position = || PlanStep::find().order_by_desc(Column::Position);
            assert_eq!(ids(by_position().all(cx).await?), [step(2), step(1), step(0)]);
            assert_eq!(ids(by_position().limit(1).offset(1).all(cx).await?), [step(1)]);
            assert_eq!(by_position().one(cx).await?.map(|step| step.position), Some(3));
            assert_eq!(by_position().limit(2).count(cx).await?, 2);
            assert!(PlanStep::find().filter(Column::Title.starts_with("th")).exists(cx).await?);
            assert!(!PlanStep::find().filter(Column::Title.eq("four")).exists(cx).await?);
            let filtered = PlanStep::find()
                .filter(Condition::any().add(Column::Position.eq(1)).add(Column::Title.eq("three")))
                .apply_if(Some(2), db::Select::limit)
                .apply_if(None::<u64>, db::Select::limit)
                .order_by_with_nulls(Column::Position, Order::Asc, NullOrdering::Last);
            assert_eq!(ids(filtered.all(cx).await?), [step(0), step(2)]);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn an_upsert_meets_rows_of_its_own_scope_alone() {
    let f = Fixture::new().await;
    // Acme knows the id of Globex's plan, and inserts one with it.
    let upsert = |title: &str| {
        ResearchPlan::insert(Draft { id: Set(f.globex.plan), ..titled(title) })
            .on_conflict(OnConflict::columns([Column::Id]).update_columns([Writable::Title]))
    };
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        assert_eq!(upsert("mine").exec_with_returning(cx).await?.organization_id, f.acme.id);
        assert_eq!(upsert("mine, again").exec_with_returning(cx).await?.title, "mine, again");
        let nothing = ResearchPlan::insert_many([Draft { id: Set(f.globex.plan), ..titled("no") }])
            .on_conflict(OnConflict::columns([Column::OrganizationId, Column::Id]).do_nothing());
        assert_eq!(nothing.exec(cx).await?.rows_affected, 0);
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(titles(&f, &f.globex).await, ["plan of globex"]);
    let plans =
        f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| ResearchPlan::find().count(cx).await).await;
    assert_eq!(plans.unwrap(), 2);
}

#[tokio::test]
async fn a_research_plan_is_made_whole_in_a_context_and_in_a_savepoint() {
    let f = Fixture::new().await;
    let plan = |steps: &[&str]| entity::NewResearchPlan {
        title: "whole".to_owned(),
        question: "?".to_owned(),
        steps: steps.iter().map(|&step| step.to_owned()).collect(),
    };
    f.db.with_tenant_context(f.acme.id, &f.acme.member, async |cx| {
        let (id, steps) = entity::create_research_plan(cx, plan(&["a", "b"])).await?;
        let made = PlanStep::find()
            .filter(plan_step::Column::PlanId.eq(id))
            .order_by_asc(plan_step::Column::Position)
            .all(cx)
            .await?;
        assert_eq!(made.iter().map(|step| step.id).collect::<Vec<_>>(), steps);
        assert_eq!(made.iter().map(|step| step.title.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let made = ResearchPlan::find_by_id(id).one(cx).await?;
        assert_eq!(made.and_then(|plan| plan.created_by), Some(f.acme.member.user_id()));

        // A step with an empty title is refused, and the plan goes with it.
        let failed = cx.savepoint(async |cx| entity::create_research_plan(cx, plan(&["a", ""])).await).await;
        assert!(failed.unwrap_err().is_check_violation());
        let (without_steps, none) = cx.savepoint(async |cx| entity::create_research_plan(cx, plan(&[])).await).await?;
        assert!(none.is_empty());
        let whole = Column::Title.eq("whole");
        let plans = ResearchPlan::find().filter(whole).order_by_asc(Column::Id).all(cx).await?;
        assert_eq!(plans.iter().map(|plan| plan.id).collect::<Vec<_>>(), [id, without_steps]);
        Ok(())
    })
    .await
    .unwrap();
}
