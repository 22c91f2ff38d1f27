//! Lists of keys are looked up by an index, behind the policies too, whether PostgreSQL knows the list as it plans or not.

use db::prelude::*;
use sea_orm::sqlx::{AssertSqlSafe, Executor, query_scalar, raw_sql};

use super::in_acme;
use crate::{
    tables::{
        task::{self, Task},
        task_tag::{self, TaskTag},
    },
    world::{World, id},
};

/// Returns the plans of the one statement that was sent, whose parameters are named with their types: for these arguments, and
/// for any.
async fn plans(w: &World, parameters: &[(&str, String)]) -> [String; 2] {
    let statements = w.statements();
    let [statement] = statements.as_slice() else { panic!("{statements:?}") };
    let (app, acme, owner) = (&w.f.database.prefix, w.f.acme.id, w.f.acme.owner.user_id());
    let (types, arguments): (Vec<_>, Vec<_>) = parameters.iter().map(|(kind, value)| (*kind, value.as_str())).unzip();
    let (types, arguments) = (types.join(", "), arguments.join(", "));
    let explain = async |mode: &str| {
        let mut inside = w.f.database.stranger().await;
        let role = w.f.database.role("tenant");
        let open = format!(
            "BEGIN; SELECT {app}.enter_tenant('{acme}', '{owner}'); SET LOCAL ROLE {role};
             SET LOCAL plan_cache_mode = {mode}; PREPARE sent ({types}) AS {statement}"
        );
        inside.execute(raw_sql(AssertSqlSafe(open))).await.unwrap();
        let explain = AssertSqlSafe(format!("EXPLAIN (COSTS OFF) EXECUTE sent ({arguments})"));
        query_scalar::<_, String>(explain).fetch_all(&mut inside).await.unwrap().join("\n")
    };
    [explain("force_custom_plan").await, explain("force_generic_plan").await]
}

/// A row with a list.
mod noted {
    use db::{OrganizationId, tenant_scoped};
    use sea_orm::entity::prelude::*;

    #[tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "noted")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Uuid,
        pub(crate) organization_id: OrganizationId,
        pub(crate) notes: Vec<String>,
        pub(crate) marks: Option<Vec<i32>>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Whatever it takes the number of rows for, PostgreSQL does not go through all lists for each row.
#[tokio::test]
async fn lists_are_put_to_their_rows_at_once() {
    let w = World::new().await;
    let table = "CREATE TABLE noted (organization_id uuid, id uuid, notes text[] NOT NULL, marks int[],
        PRIMARY KEY (organization_id, id))";
    w.f.database.execute(table).await;
    w.f.database.execute(&w.f.database.migrator().contract().protect::<noted::Noted>().join(";\n")).await;
    let draft = |n: i32| noted::Draft {
        notes: Set((0..n % 3).map(|m| format!("{n} {m}")).collect()),
        marks: Set((n % 4 > 0).then(|| (0..n % 2).collect())),
        ..Default::default()
    };
    let returned = in_acme(&w, async |cx| {
        w.statements();
        noted::Noted::insert_many((0..5_000).map(draft)).exec_with_returning(cx).await
    });
    for (row, n) in returned.await.unwrap().into_iter().zip(0..) {
        let noted::Draft { notes, marks, .. } = draft(n);
        assert_eq!((row.notes, row.marks), (notes.unwrap(), marks.unwrap()));
    }
    let array = |kind: &'static str| (kind, format!("'{{}}'::{kind}"));
    let parameters =
        ["uuid[]", "uuid[]", "bool[]", "bool[]", "int[]", "int[]", "int[]", "text[]", "int[]", "int[]", "int[]"];
    for plan in plans(&w, &parameters.map(array)).await {
        assert!(!plan.contains("Nested Loop") && plan.contains("Full Join"), "{plan}");
    }
}

#[tokio::test]
async fn lists_of_keys_use_the_index() {
    let w = World::new().await;
    w.f.database
        .execute(&format!(
            "INSERT INTO task_tag SELECT o, gen_random_uuid(), gen_random_uuid()
                 FROM unnest(ARRAY['{acme}', '{globex}']::uuid[]) o, generate_series(1, 30000);
             INSERT INTO task SELECT o, gen_random_uuid(), gen_random_uuid(), 'x', 1
                 FROM unnest(ARRAY['{acme}', '{globex}']::uuid[]) o, generate_series(1, 30000);
             ANALYZE task_tag, task",
            acme = w.f.acme.id,
            globex = w.f.globex.id,
        ))
        .await;
    let organization = || ("uuid", format!("'{}'", w.f.acme.id));
    let keys = || ("uuid[]", format!("ARRAY['{}', '{}']::uuid[]", id(11), id(12)));
    let indexed = |plans: [String; 2], indexes: &[&str]| {
        for plan in plans {
            assert!(!plan.contains("Seq Scan on"), "{plan}");
            assert!(indexes.iter().all(|index| plan.contains(index)), "{plan}");
        }
    };
    // A key of one column, and the tenant.
    let found = Task::find().filter(task::Column::Id.is_in([id(11), id(12)]));
    in_acme(&w, async |cx| found.clone().all(cx).await).await.unwrap();
    w.statements();
    in_acme(&w, async |cx| found.all(cx).await).await.unwrap();
    indexed(plans(&w, &[keys(), organization()]).await, &["(id = ANY (", "(organization_id = "]);

    // A key of two columns, and the tenant; what it is related to is joined by the index, too.
    let links = [(11, 21), (12, 21)].map(|(task, tag)| task_tag::Model {
        task_id: id(task),
        tag_id: id(tag),
        organization_id: w.f.acme.id,
    });
    let loaded = in_acme(&w, async |cx| links.load_one(Task, cx).await).await.unwrap();
    assert_eq!(loaded.len(), 2);
    let parameters = [organization(), keys(), keys(), organization()];
    indexed(plans(&w, &parameters).await, &["(task_id = ", "(tag_id = ", "(organization_id = "]);

    // The same of a delete.
    let ids = [(id(77), id(78)), (id(78), id(79))];
    let gone = in_acme(&w, async |cx| TaskTag::delete_many().filter_by_ids(ids).exec(cx).await).await.unwrap();
    assert_eq!(gone.rows_affected, 0);
    indexed(plans(&w, &[keys(), keys(), organization()]).await, &["(task_id = ", "(tag_id = "]);
}
