//! No error tells a row's value, a value that was given, or another tenant's id.

use std::fmt::Write;

use db::{Error, prelude::*};
use entity::{
    PersonalAccessToken, PlanStep, ResearchPlan, User, Verification, create_pat, personal_access_token, plan_step,
    research_plan::{Column, Draft, Writable},
    user, verification,
};
use sea_orm::sea_query::extension::postgres::PgBinOper;
use tests::Fixture;

use crate::{
    witness::{self, ScopeColumns, Witness},
    world::{switch_row_level_security_off, world},
};

/// What is in every value that is given, or in the row, and must be in no message.
const SECRET: &str = "confidential";

/// Returns what there is to be read of an error.
fn words(error: &Error) -> String {
    let mut words = format!("{error} {error:?} {error:#?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        write!(words, " {cause} {cause:?}").unwrap();
        source = cause.source();
    }
    words
}

/// Asserts that an error tells neither the secret nor anything of acme.
fn assert_discreet(f: &Fixture, error: &Error) {
    let words = words(error);
    let ids = [f.acme.id.0, f.acme.owner.user_id().0, f.acme.plan, f.acme.steps[0]].map(|id| id.to_string());
    for tells in ids.iter().map(String::as_str).chain([SECRET, "acme"]) {
        assert!(!words.contains(tells), "`{tells}` is in: {words}");
    }
}

fn titled(title: &str) -> Draft {
    Draft { title: Set(title.to_owned()), question: Set(SECRET.to_owned()), ..Default::default() }
}

/// Runs a query in a savepoint of its own, and keeps its error.
macro_rules! fails {
    ($errors:ident, $cx:ident, $query:expr, $run:ident) => {{
        let query = $query;
        let result = $cx.savepoint(async |cx| query.$run(cx).await).await;
        $errors.push(result.map(drop).expect_err(stringify!($query)));
    }};
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a list of queries")]
async fn no_error_of_a_constraint_or_a_value_quotes_it() {
    let f = world().await;
    witness::make(&f).await;
    let mut errors = Vec::new();
    f.db.with_tenant_context(f.globex.id, &f.globex.owner, async |cx| {
        let plan = f.globex.plan;
        let step = |plan_id| plan_step::Draft {
            plan_id: Set(plan_id),
            position: Set(1),
            title: Set(SECRET.to_owned()),
            ..Default::default()
        };
        ResearchPlan::update_by_id(plan, titled(SECRET)).exec(cx).await?;
        // Unique, check, foreign key, not null, and a value that PostgreSQL does not take.
        fails!(errors, cx, ResearchPlan::insert(Draft { id: Set(plan), ..titled(SECRET) }), exec);
        fails!(errors, cx, PlanStep::insert(step(plan)), exec);
        fails!(errors, cx, ResearchPlan::insert(titled(&SECRET.repeat(100))), exec);
        fails!(errors, cx, ResearchPlan::insert_many([titled(SECRET), titled("")]), exec);
        fails!(errors, cx, PlanStep::insert(step(f.acme.plan)), exec);
        fails!(errors, cx, PlanStep::update_many().col_expr(plan_step::Writable::PlanId, f.acme.plan), exec);
        fails!(
            errors,
            cx,
            ResearchPlan::insert(Draft { created_by: Set(Some(f.acme.owner.user_id())), ..titled(SECRET) }),
            exec
        );
        fails!(errors, cx, ResearchPlan::insert(Draft { title: Set(SECRET.to_owned()), ..Default::default() }), exec);
        fails!(errors, cx, ResearchPlan::insert(titled(&format!("{SECRET}\0"))), exec);
        fails!(errors, cx, ResearchPlan::update_many().col_expr(Writable::Status, SECRET), exec);
        // Expressions over the row's value, and over one that was given.
        let title = || Column::Title.into_expr();
        for of in ["uuid", "int", "timestamptz", "json", "inet", "int4range", "bytea"] {
            let filtered = ResearchPlan::find()
                .filter(Expr::from(Func::cust("concat").arg(title()).arg("{\\")).cast_as(of).cast_as("text").eq("x"));
            fails!(errors, cx, filtered, all);
        }
        fails!(errors, cx, ResearchPlan::find().filter(title().cast_as("uuid").eq(f.acme.id)), all);
        fails!(errors, cx, ResearchPlan::find().filter(Expr::val(SECRET).cast_as("int").eq(1)), count);
        fails!(
            errors,
            cx,
            ResearchPlan::find().filter(Expr::val(1).div(Expr::expr(Func::char_length(title())).sub(12))),
            exists
        );
        fails!(
            errors,
            cx,
            ResearchPlan::find()
                .filter(Expr::from(Func::cust("regexp_match").arg(title()).arg(format!("{SECRET}["))).is_null()),
            all
        );
        // What this workspace says itself.
        fails!(errors, cx, ResearchPlan::update_by_id(f.acme.plan, titled(SECRET)), exec);
        fails!(errors, cx, ResearchPlan::update_by_id(plan, Draft { id: Set(f.acme.plan), ..titled(SECRET) }), exec);
        fails!(errors, cx, ResearchPlan::delete_by_id(f.acme.plan), exec);
        fails!(errors, cx, ResearchPlan::find().filter(Expr::cust(format!("title = '{SECRET}'"))), all);
        let columns = ScopeColumns { organization_id: f.acme.id, user_id: f.acme.owner.user_id() };
        let witness = witness::Draft { acts_as: Set(SECRET.to_owned()), ..Default::default() };
        fails!(errors, cx, Witness::insert_into(columns, witness), exec);
        Ok(())
    })
    .await
    .unwrap();

    f.db.with_user_context(&f.globex.owner, async |cx| {
        create_pat(cx, SECRET, None).await?;
        errors.push(cx.savepoint(async |cx| create_pat(cx, SECRET, None).await).await.map(drop).unwrap_err());
        let short = personal_access_token::Draft {
            name: Set("short".to_owned()),
            token_digest: Set(SECRET.as_bytes().to_vec().into()),
            ..Default::default()
        };
        fails!(errors, cx, PersonalAccessToken::insert(short), exec);
        let email = user::Draft { email: Set(SECRET.to_owned()), ..Default::default() };
        fails!(errors, cx, User::update_by_id(cx.user_id(), email), exec);
        Ok(())
    })
    .await
    .unwrap();

    // An existing address is another person's: sign-in is told that it is taken, and nothing more.
    f.db.with_identity_context(async |cx| {
        let taken = user::Draft {
            name: Set(SECRET.to_owned()),
            email: Set("owner@acme.example".to_owned()),
            ..Default::default()
        };
        fails!(errors, cx, User::insert_into(user::ScopeColumns { id: UserId::new() }, taken.clone()), exec);
        let id = f.acme.owner.user_id();
        fails!(errors, cx, User::insert_into(user::ScopeColumns { id }, taken), exec);
        let nameless = verification::Draft { value: Set(SECRET.to_owned().into()), ..Default::default() };
        fails!(errors, cx, Verification::insert(nameless), exec);
        Ok(())
    })
    .await
    .unwrap();

    // A row that its model does not fit, and a context that does not open.
    f.database.execute("ALTER TABLE research_plan DROP CONSTRAINT research_plan_status_check").await;
    f.database.execute(&format!("UPDATE research_plan SET status = '{SECRET}'")).await;
    let find = async |cx: &mut TenantContext| ResearchPlan::find().all(cx).await;
    errors.push(f.db.with_tenant_context(f.globex.id, &f.globex.owner, find).await.unwrap_err());
    errors.push(f.db.with_tenant_context(f.acme.id, &f.globex.owner, find).await.unwrap_err());
    errors.push(f.db.with_tenant_context(f.globex.id, &f.acme.owner, find).await.unwrap_err());

    assert!(errors.len() > 30);
    for error in &errors {
        assert_discreet(&f, error);
    }
}

/// PostgreSQL's class 42 speaks of names; but where a value is taken for a name, or parsed, it quotes the value.
#[tokio::test]
async fn no_error_over_a_value_that_is_taken_for_a_name_quotes_it() {
    let f = world().await;
    let mut errors = Vec::new();
    f.db.with_tenant_context(f.globex.id, &f.globex.owner, async |cx| {
        ResearchPlan::update_by_id(f.globex.plan, titled(SECRET)).exec(cx).await?;
        let title = || Column::Title.into_expr();
        for of in ["regclass", "regtype", "regrole", "regproc", "regconfig", "regnamespace"] {
            fails!(errors, cx, ResearchPlan::find().filter(title().cast_as(of).cast_as("text").eq("x")), all);
        }
        for of in ["tsquery", "jsonpath"] {
            let two_words = Expr::val(format!("{SECRET} {SECRET}")).cast_as(of).cast_as("text").eq("x");
            fails!(errors, cx, ResearchPlan::find().filter(two_words), all);
        }
        let search = Func::cust("to_tsquery").arg(format!("{SECRET} {SECRET}"));
        fails!(errors, cx, ResearchPlan::find().filter(Expr::from(search).is_null()), all);
        Ok(())
    })
    .await
    .unwrap();
    for error in &errors {
        assert_discreet(&f, error);
    }
}

/// A name that a statement uses is not a value: the message keeps it, as it is what the developer needs.
#[tokio::test]
async fn an_error_over_a_name_quotes_the_name() {
    let f = world().await;
    f.db.with_tenant_context(f.globex.id, &f.globex.owner, async |cx| {
        let mut errors = Vec::new();
        fails!(errors, cx, ResearchPlan::find().filter(Expr::col("no_such_column").eq(1)), all);
        fails!(errors, cx, ResearchPlan::find().filter(Expr::from(Func::cust("no_such_function"))), all);
        for (error, name) in errors.iter().zip(["no_such_column", "no_such_function"]) {
            assert!(error.to_string().contains(name), "{error}");
        }
        Ok(())
    })
    .await
    .unwrap();
}

/// PostgreSQL may evaluate a filter before the scope's predicate, so that with layer 2 alone an expression that raises
/// is met by foreign rows. What it says of them is kept back.
#[tokio::test]
async fn with_layer_2_alone_no_error_quotes_a_foreign_row() {
    let f = world().await;
    switch_row_level_security_off(&f).await;
    f.database.execute("UPDATE research_plan SET title = 'acme[' WHERE title = 'plan of acme'").await;
    // So few rows are read one after the other, without an index.
    f.database.execute("ANALYZE").await;
    let mut errors = Vec::new();
    f.db.with_tenant_context(f.globex.id, &f.globex.owner, async |cx| {
        // Raises on acme's title, which is no regular expression.
        let raises = || Expr::val("x").binary(PgBinOper::Regex, Column::Title.into_expr());
        fails!(errors, cx, ResearchPlan::find().filter(raises()), all);
        fails!(errors, cx, ResearchPlan::find().filter(raises().not()), count);
        fails!(errors, cx, ResearchPlan::update_many().col_expr(Writable::Question, "x").filter(raises()), exec);
        fails!(errors, cx, ResearchPlan::delete_many().filter(raises()), exec);
        Ok(())
    })
    .await
    .unwrap();
    for error in &errors {
        assert_discreet(&f, error);
    }
}
