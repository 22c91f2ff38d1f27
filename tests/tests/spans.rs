//! What a context says of itself to `tracing`: who, where, how long and how it ended; never a row's values.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "faults/hasty.rs"]
mod hasty;

use std::{
    collections::BTreeMap,
    fmt::{Debug, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use db::prelude::*;
use entity::{
    ResearchPlan,
    research_plan::{Column, Draft},
};
use tests::Fixture;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span,
};
use tracing_subscriber::{Layer, layer::Context, prelude::*, registry::LookupSpan};

type Fields = BTreeMap<String, String>;

/// Collects the fields of each span named `context`, and the text of everything else.
#[derive(Clone, Default)]
struct Collect {
    spans: Arc<Mutex<Vec<(u64, Fields)>>>,
    all: Arc<Mutex<String>>,
}

struct Visitor<'a>(&'a mut Fields, &'a Mutex<String>);

impl Visit for Visitor<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.1.lock().unwrap(), "{field}={value:?} ").unwrap();
        self.0.insert(field.to_string(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Collect {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, _: Context<'_, S>) {
        let mut fields = Fields::new();
        attributes.record(&mut Visitor(&mut fields, &self.all));
        if attributes.metadata().name() == "context" {
            self.spans.lock().unwrap().push((id.into_u64(), fields));
        }
    }

    fn on_record(&self, id: &span::Id, record: &span::Record<'_>, _: Context<'_, S>) {
        // Ids are used again once a span is closed: the last one is meant.
        if let Some((_, fields)) = self.spans.lock().unwrap().iter_mut().rfind(|(open, _)| *open == id.into_u64()) {
            record.record(&mut Visitor(fields, &self.all));
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut Visitor(&mut Fields::new(), &self.all));
    }
}

impl Collect {
    /// Returns the fields of the span of the last context, which has ended.
    fn last(&self) -> Fields {
        let (_, fields) = self.spans.lock().unwrap().pop().unwrap();
        for time in ["wait_ms", "held_ms"] {
            if let Some(time) = fields.get(time) {
                assert!(time.parse::<f64>().unwrap() >= 0.0);
            }
        }
        fields
    }
}

#[track_caller]
fn assert_fields(fields: &Fields, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(fields.get(*name).map(String::as_str), Some(*value), "{name} in {fields:?}");
    }
}

#[tokio::test]
async fn a_context_says_who_and_where_and_how_it_ended() {
    let f = Fixture::new().await;
    let impatient = hasty::connect_whole(f.database.options().acquire_timeout(Duration::from_secs(3)), 1).await;
    f.database.make_slow().await;
    let collect = Collect::default();
    let _guard = tracing_subscriber::registry().with(collect.clone()).set_default();
    let (acme, owner) = (f.acme.id.to_string(), f.acme.owner.user_id().to_string());
    let secret =
        || Draft { title: Set("a secret title".to_owned()), question: Set("?".to_owned()), ..Default::default() };

    let tenant = [("scope", "tenant"), ("organization", acme.as_str()), ("user", owner.as_str())];
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| ResearchPlan::insert(secret()).exec(cx).await)
        .await
        .unwrap();
    let fields = collect.last();
    assert_fields(&fields, &tenant);
    assert_fields(&fields, &[("outcome", "committed")]);
    assert!(fields.contains_key("wait_ms") && fields.contains_key("held_ms"));

    let result: db::Result<()> =
        f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
            ResearchPlan::delete_by_id(Uuid::nil()).exec(cx).await
        })
        .await;
    result.unwrap_err();
    let fields = collect.last();
    assert_fields(&fields, &tenant);
    assert_fields(&fields, &[("outcome", "rolled back")]);

    let read = f.db.tenant(f.acme.id, &f.acme.owner).read_only();
    let found = ResearchPlan::find().filter(Column::Title.eq("a secret title"));
    read.run(async |cx| found.all(cx).await).await.unwrap();
    assert_fields(&collect.last(), &[("outcome", "read")]);

    let job = f.db.system_tenant(f.acme.id, "nightly clean-up");
    job.run(async |cx| ResearchPlan::find().count(cx).await).await.unwrap();
    let fields = collect.last();
    assert_fields(&fields, &[("scope", "tenant"), ("organization", &acme), ("reason", "nightly clean-up")]);
    assert!(!fields.contains_key("user"));

    f.db.with_user_context(&f.acme.owner, async |_| Ok(())).await.unwrap();
    assert_fields(&collect.last(), &[("scope", "user"), ("user", &owner), ("outcome", "committed")]);

    f.db.with_identity_context(async |_| Ok(())).await.unwrap();
    assert_fields(&collect.last(), &[("scope", "identity"), ("outcome", "committed")]);

    f.db.tenant(f.acme.id, &f.globex.owner).begin().await.unwrap_err();
    assert_fields(&collect.last(), &[("outcome", "refused")]);

    let held = impatient.tenant(f.acme.id, &f.acme.owner).begin().await.unwrap();
    impatient.identity().begin().await.unwrap_err();
    let fields = collect.last();
    assert_fields(&fields, &[("outcome", "no connection")]);
    assert!(fields["wait_ms"].parse::<f64>().unwrap() >= 3000.0 && !fields.contains_key("held_ms"));
    let slow = ResearchPlan::find().filter(Expr::expr(Func::cust("slow").arg(20.0)).eq(""));
    assert!(tokio::time::timeout(Duration::from_millis(100), slow.all(&held)).await.is_err());
    drop(held);
    assert_fields(&collect.last(), &[("outcome", "cancelled")]);

    let all = collect.all.lock().unwrap();
    assert!(all.contains("nightly clean-up") && !all.contains("a secret title"), "{all}");
}

#[tokio::test]
async fn each_run_of_a_transaction_that_is_run_again_has_a_span_of_its_own() {
    let f = Fixture::new().await;
    f.database
        .execute(
            "CREATE FUNCTION meets() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN RAISE 'on purpose' USING ERRCODE = '40001'; END $$;
             CREATE TRIGGER meets BEFORE INSERT ON research_plan FOR EACH ROW WHEN (NEW.title = 'meets')
             EXECUTE FUNCTION meets()",
        )
        .await;
    let collect = Collect::default();
    let _guard = tracing_subscriber::registry().with(collect.clone()).set_default();
    let titles = Mutex::new(["kept", "meets", "meets"].to_vec());
    let job = f.db.system_tenant(f.acme.id, "nightly clean-up").retry(2);
    job.run(async |cx| {
        let title = titles.lock().unwrap().pop().unwrap().to_owned();
        ResearchPlan::insert(Draft { title: Set(title), question: Set("?".to_owned()), ..Default::default() })
            .exec(cx)
            .await
    })
    .await
    .unwrap();
    for outcome in ["committed", "rolled back", "rolled back"] {
        let fields = collect.last();
        assert_fields(&fields, &[("outcome", outcome), ("reason", "nightly clean-up"), ("scope", "tenant")]);
        assert!(fields.contains_key("wait_ms") && fields.contains_key("held_ms"));
    }
    assert!(collect.spans.lock().unwrap().is_empty());
}
