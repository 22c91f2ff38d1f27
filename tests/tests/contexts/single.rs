//! One query in a context of its own.

use db::{Affected, prelude::*};
use entity::{
    PersonalAccessToken, PlanStep, ResearchPlan,
    research_plan::{Column, Draft},
};
use tests::Fixture;

fn titled(title: &str) -> Draft {
    Draft { title: Set(title.to_owned()), question: Set(String::new()), ..Default::default() }
}

#[tokio::test]
async fn each_verb_runs_in_its_scope() {
    let f = Fixture::alone().await;
    let acme = || f.db.tenant(f.acme.id, &f.acme.owner);
    let globex = || f.db.tenant(f.globex.id, &f.globex.owner);
    let id = acme().exec(ResearchPlan::insert(titled("new"))).await.unwrap();
    assert_eq!(acme().one(ResearchPlan::find_by_id(id)).await.unwrap().unwrap().title, "new");
    assert_eq!(acme().count(ResearchPlan::find()).await.unwrap(), 2);
    assert_eq!(acme().load(ResearchPlan::load().with(PlanStep)).await.unwrap().len(), 2);
    // Another organization reads, changes and removes none of it.
    assert_eq!(globex().all(ResearchPlan::find()).await.unwrap().len(), 1);
    assert!(globex().one(ResearchPlan::find_by_id(id)).await.unwrap().is_none());
    assert!(globex().require_one(ResearchPlan::find_by_id(id)).await.unwrap_err().is_not_found());
    assert!(globex().exec(ResearchPlan::update_by_id(id, titled("stolen"))).await.unwrap_err().is_not_found());
    assert!(globex().exec(ResearchPlan::delete_by_id(id)).await.unwrap_err().is_not_found());
    let all = ResearchPlan::update_many().set(titled("theirs"));
    assert_eq!(globex().exec(all).await.unwrap(), Affected { rows_affected: 1 });
    assert_eq!(acme().require_one(ResearchPlan::find_by_id(id)).await.unwrap().title, "new");

    let renamed = acme().exec(ResearchPlan::update_by_id(id, titled("renamed"))).await.unwrap();
    assert_eq!(renamed.title, "renamed");
    let two = acme().exec(ResearchPlan::insert_many([titled("a"), titled("b")])).await.unwrap();
    assert_eq!(two.rows_affected, 2);
    assert_eq!(acme().exec(ResearchPlan::delete_many().filter(Column::Title.eq("a"))).await.unwrap().rows_affected, 1);
    acme().exec(ResearchPlan::delete_by_id(id)).await.unwrap();
    assert_eq!(f.db.user(&f.acme.owner).count(PersonalAccessToken::find()).await.unwrap(), 0);
}

#[tokio::test]
async fn whoever_is_no_member_runs_none() {
    let f = Fixture::new().await;
    let as_stranger = || f.db.tenant(f.acme.id, &f.globex.owner);
    assert!(as_stranger().all(ResearchPlan::find()).await.unwrap_err().is_not_a_member());
    assert!(as_stranger().exec(ResearchPlan::insert(titled("new"))).await.unwrap_err().is_not_a_member());
}

/// A write that fails keeps nothing, and a read cannot write, whatever it calls.
#[tokio::test]
async fn a_write_that_fails_is_taken_back() {
    let f = Fixture::alone().await;
    let open = || f.db.tenant(f.acme.id, &f.acme.owner);
    let nobody = Draft { created_by: Set(Some(f.globex.owner.user_id())), ..titled("b") };
    open().exec(ResearchPlan::insert_many([titled("a"), nobody])).await.unwrap_err();
    assert_eq!(open().count(ResearchPlan::find()).await.unwrap(), 1);
    let locked = open().all(ResearchPlan::find().lock_exclusive()).await.unwrap_err();
    assert!(locked.is_read_only(), "{locked}");
}
