//! A table that is made from an entity is SeaORM's own, but for what isolation asks for.

use db::{Facade, contract::Contract};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, IdenStatic, Iterable, Schema,
    sqlx::{Connection, PgConnection},
};
use tests::{Fixture, TestDatabase};

use crate::{
    catalog::{columns, constraints, foreign_key_names, indexes, texts},
    entities::{
        bookmark::Bookmark, correction::Correction, country, item, item::Item, oddly_named::OddlyNamed, reading,
        reading::Reading, shelf, shelf::Shelf,
    },
};

/// Makes the table of an entity as SeaORM's own builder does, in the schema `seaorm`.
async fn by_seaorm<E: EntityTrait>(connection: &DatabaseConnection, entity: E) {
    let schema = Schema::new(DbBackend::Postgres);
    for create in schema.create_enum_from_entity(entity) {
        // It writes the name of the type without quotes where a column has it.
        let create = DbBackend::Postgres.build(&create).to_string().to_lowercase();
        let create = format!("DO $$ BEGIN {create}; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
        connection.execute_unprepared(&create).await.unwrap();
    }
    connection.execute(&schema.create_table_from_entity(entity)).await.unwrap();
    for index in schema.create_index_from_entity(entity) {
        connection.execute(&index).await.unwrap();
    }
}

/// Makes the table of an entity by the contract.
async fn by_contract<F: Facade>(database: &TestDatabase, contract: &Contract) {
    for statement in contract.create_table::<F>(&db::Registry::collect()).unwrap() {
        database.execute(&statement).await;
    }
}

/// Takes the scope's columns out of lists of columns, and what follows from them: all that isolation asks for.
fn without_scope(definition: &str) -> String {
    let mut text = String::new();
    let mut rest = definition.replace("seaorm.", "public.").replace(" REFERENCES public.", " REFERENCES ");
    while let Some((before, list)) = rest.split_once('(') {
        let (list, after) = list.split_once(')').unwrap();
        let columns: Vec<_> =
            list.split(", ").filter(|column| !["tenant", "organization_id"].contains(column)).collect();
        let of_action = before.ends_with("SET NULL ") || before.ends_with("SET DEFAULT ");
        if of_action {
            text.push_str(before.trim_end());
        } else {
            text.extend([before, "(", &columns.join(", "), ")"]);
        }
        rest = after.to_owned();
    }
    text + &rest
}

fn sorted(definitions: &[String]) -> Vec<String> {
    let mut definitions: Vec<_> = definitions.iter().map(|definition| without_scope(definition)).collect();
    definitions.sort();
    definitions
}

/// The connections of a database with both.
async fn both() -> (TestDatabase, PgConnection) {
    let database = TestDatabase::new().await;
    database.execute("CREATE SCHEMA seaorm").await;
    let connection = database.migration_connection(&database.owner_url()).await;
    connection.execute_unprepared("SET search_path = seaorm").await.unwrap();
    by_seaorm(&connection, shelf::Entity).await;
    by_seaorm(&connection, country::Entity).await;
    by_seaorm(&connection, item::Entity).await;
    by_seaorm(&connection, reading::Entity).await;
    connection.execute_unprepared("SET search_path = public").await.unwrap();
    // No scope has rows of it, and so it is SeaORM's to make.
    by_seaorm(&connection, country::Entity).await;
    connection.close().await.unwrap();
    let contract = database.migrator().contract().clone();
    by_contract::<Shelf>(&database, &contract).await;
    by_contract::<Item>(&database, &contract).await;
    by_contract::<Reading>(&database, &contract).await;
    let owner = PgConnection::connect(&database.owner_url()).await.unwrap();
    (database, owner)
}

/// Whatever SeaORM makes of a new attribute has to be here, too, or this is red.
#[tokio::test]
async fn all_that_seaorm_makes_of_an_entity_is_there_and_the_scope_besides() {
    let (_database, mut owner) = both().await;
    for table in ["shelf", "item", "reading"] {
        let (ours, theirs) = (format!("public.{table}"), format!("seaorm.{table}"));
        let as_seaorm = |columns: Vec<String>| -> Vec<String> {
            let columns = columns.into_iter();
            columns
                .map(|column| {
                    let column = column.replace(r#"public."Mood""#, "mood").replace(r#""Mood""#, "mood");
                    let column = column.replace("seaorm.mood", "mood");
                    // Given by the contract where the entity gives none.
                    let is_time = column.starts_with("created_at ") || column.starts_with("updated_at ");
                    if is_time { column.replace(" default:now()", "") } else { column }
                })
                .collect()
        };
        assert_eq!(
            as_seaorm(columns(&mut owner, &ours).await),
            as_seaorm(columns(&mut owner, &theirs).await),
            "{table}: columns"
        );
        assert_eq!(
            sorted(&constraints(&mut owner, &ours).await),
            sorted(&constraints(&mut owner, &theirs).await),
            "{table}: constraints"
        );
        assert_eq!(
            sorted(&indexes(&mut owner, &ours).await),
            sorted(&indexes(&mut owner, &theirs).await),
            "{table}: indexes"
        );
        assert_eq!(
            foreign_key_names(&mut owner, &ours).await,
            foreign_key_names(&mut owner, &theirs).await,
            "{table}: names of foreign keys"
        );
    }
}

/// What is compared above without the scope, is here with it.
#[tokio::test]
async fn keys_carry_the_scope_and_indexes_start_with_it() {
    let (database, mut owner) = both().await;
    assert_eq!(
        constraints(&mut owner, "item").await,
        [
            "CHECK ((price >= (0)::numeric))",
            "FOREIGN KEY (country_code) REFERENCES country(code)",
            "FOREIGN KEY (tenant, shelf_id) REFERENCES shelf(organization_id, id) ON UPDATE CASCADE ON DELETE SET NULL (shelf_id)",
            "FOREIGN KEY (tenant, shelf_name) REFERENCES shelf(organization_id, name) ON DELETE SET DEFAULT (shelf_name)",
            "FOREIGN KEY (tenant, spare_shelf_id) REFERENCES shelf(organization_id, id) ON DELETE RESTRICT",
            "FOREIGN KEY (tenant, whole_id) REFERENCES item(tenant, id) ON DELETE CASCADE",
            "PRIMARY KEY (tenant, id)",
            "UNIQUE (tenant, label)",
            "UNIQUE (tenant, serial)",
        ]
    );
    assert_eq!(
        indexes(&mut owner, "item").await,
        [
            r#"CREATE INDEX "idx-item-made_on" ON public.item USING btree (tenant, made_on)"#,
            r#"CREATE UNIQUE INDEX "idx-item-place" ON public.item USING btree (tenant, aisle, place)"#,
        ]
    );
    assert_eq!(constraints(&mut owner, "reading").await, ["PRIMARY KEY (organization_id, meter, day)"]);
    let comments = "SELECT col_description('item'::regclass, a.attnum) FROM pg_attribute a
                    WHERE attrelid = 'item'::regclass AND col_description('item'::regclass, a.attnum) IS NOT NULL
                    UNION ALL SELECT obj_description('item'::regclass)";
    assert_eq!(
        texts(&mut owner, comments).await,
        ["It's on the label", r#"renamed_from "slot""#, "What is on a shelf; 'ours'"]
    );

    let contract = database.migrator().contract().clone();
    by_contract::<Correction>(&database, &contract).await;
    by_contract::<Bookmark>(&database, &contract).await;
    assert_eq!(
        constraints(&mut owner, "correction").await,
        [
            "FOREIGN KEY (organization_id, meter, day) REFERENCES reading(organization_id, meter, day) ON DELETE CASCADE",
            "PRIMARY KEY (organization_id, id)",
        ]
    );
    // Of two scopes whose contexts write, each key has both, or tells one person of another's rows.
    assert_eq!(
        constraints(&mut owner, "bookmark").await,
        [
            "FOREIGN KEY (organization_id, shelf_id) REFERENCES shelf(organization_id, id)",
            "FOREIGN KEY (organization_id, user_id, after_id) REFERENCES bookmark(organization_id, user_id, id) \
             ON DELETE SET NULL (after_id)",
            "PRIMARY KEY (organization_id, id)",
            "UNIQUE (organization_id, user_id, id)",
            "UNIQUE (organization_id, user_id, name)",
        ]
    );
    assert_eq!(
        indexes(&mut owner, "bookmark").await,
        ["CREATE INDEX bookmark_user_id_id_idx ON public.bookmark USING btree (user_id, id)"]
    );
}

/// The names of columns are SeaORM's, whatever its attributes make of the fields.
#[tokio::test]
async fn columns_have_the_names_that_seaorm_gives_them() {
    use crate::entities::oddly_named::Column;

    let f = Fixture::new().await;
    by_contract::<OddlyNamed>(&f.database, f.database.migrator().contract()).await;
    let names: Vec<_> = Column::iter().map(|column| column.as_str()).collect();
    assert_eq!(names, ["id", "owner", "last"]);
    f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| {
        use crate::entities::oddly_named::Draft;
        let row = Draft { last_: sea_orm::Set("x".to_owned()), ..Default::default() };
        OddlyNamed::insert(row).exec(cx).await?;
        assert_eq!(OddlyNamed::find().all(cx).await?.len(), 1);
        Ok(())
    })
    .await
    .unwrap();
}
