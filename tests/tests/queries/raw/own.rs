//! Functions, operators, casts and types of the application's own in raw SQL.

use db::RawSelect;
use sea_orm::JsonValue;

use super::all;
use crate::world::World;

/// The application's own functions are called where they are named, and not where the database closes them.
#[tokio::test]
async fn functions_of_the_applications_own_are_named() {
    let world = World::new().await;
    world
        .f
        .database
        .execute(
            "CREATE FUNCTION public.shout(text) RETURNS text LANGUAGE sql IMMUTABLE RETURN upper($1) || '!';
             CREATE FUNCTION public.shut(text) RETURNS text LANGUAGE sql IMMUTABLE RETURN $1;
             REVOKE EXECUTE ON FUNCTION public.shut FROM PUBLIC",
        )
        .await;
    let cx = world.db.tenant(world.f.acme.id, &world.f.acme.owner).begin().await.unwrap();
    let shout = |text| RawSelect::<JsonValue>::from_sql_and_values(text, ["a".into()]);
    let refused = all(&cx, shout("SELECT shout($1) AS x")).await.unwrap_err();
    assert!(refused.is_raw_sql_refused() && refused.to_string().contains("`shout`"), "{refused}");
    let refused = all(&cx, shout("SELECT public.shout($1) AS x").allow_functions(&["shout"])).await.unwrap_err();
    assert!(refused.is_raw_sql_refused(), "{refused}");
    for select in [
        shout("SELECT shout($1) AS x").allow_functions(&["shout"]),
        shout("SELECT Public . \"shout\"($1) AS x").allow_functions(&["public.shout"]),
    ] {
        assert_eq!(all(&cx, select).await.unwrap(), [serde_json::json!({ "x": "A!" })]);
    }
    let denied = all(&cx, shout("SELECT shut($1) AS x").allow_functions(&["shut"])).await.unwrap_err();
    assert!(denied.is_permission_denied(), "{denied}");
}

/// Functions that count whose projects they see, behind what the check does not look at.
const OWN: &str = "
    CREATE FUNCTION public.owners() RETURNS bigint LANGUAGE sql STABLE
      BEGIN ATOMIC SELECT count(DISTINCT organization_id) FROM public.project; END;
    CREATE TYPE public.peculiar AS (line text);
    CREATE FUNCTION public.of_text(text, integer) RETURNS bigint LANGUAGE sql STABLE RETURN public.owners();
    CREATE OPERATOR public.~~~ (FUNCTION = public.of_text, LEFTARG = text, RIGHTARG = integer);
    CREATE FUNCTION public.of_peculiar(public.peculiar) RETURNS bigint LANGUAGE sql STABLE RETURN public.owners();
    CREATE CAST (public.peculiar AS bigint) WITH FUNCTION public.of_peculiar;
    CREATE FUNCTION public.is_owner(text) RETURNS boolean LANGUAGE sql STABLE RETURN public.owners() = 1;
    CREATE DOMAIN public.owned AS text CHECK (public.is_owner(VALUE));
    CREATE FUNCTION public.of_row(public.project) RETURNS bigint LANGUAGE sql STABLE RETURN public.owners();
    CREATE FUNCTION public.upper(public.peculiar) RETURNS bigint LANGUAGE sql STABLE RETURN public.owners();
    CREATE FUNCTION public.cube(public.peculiar) RETURNS bigint LANGUAGE sql STABLE RETURN public.owners();";

#[tokio::test]
async fn what_is_not_looked_at_runs_as_the_scopes_role() {
    let world = World::new().await;
    world.f.database.execute(OWN).await;
    let texts = [
        "SELECT 'a'::text ~~~ 1 AS owners",
        "SELECT ROW('a')::peculiar::bigint AS owners",
        "SELECT length('a'::owned)::bigint AS owners",
        "SELECT project.of_row AS owners FROM project LIMIT 1",
        "SELECT upper(ROW('a')::peculiar) AS owners",
        "SELECT cube(ROW('a')::peculiar) AS owners",
    ];
    let cx = world.db.tenant(world.f.acme.id, &world.f.acme.owner).begin().await.unwrap();
    for text in texts {
        let rows = all(&cx, RawSelect::<JsonValue>::from_sql_and_values(text, [])).await.unwrap();
        assert_eq!(rows, [serde_json::json!({ "owners": 1 })], "{text}");
    }
    let own = "SELECT pg_catalog.upper(ROW('a')::peculiar) AS owners";
    assert!(all(&cx, RawSelect::<JsonValue>::from_sql_and_values(own, [])).await.is_err(), "{own}");
    // The control: whoever sees all rows sees two owners.
    let mut owner = world.f.database.owner().await;
    let sql = "SELECT public.owners()";
    let owners: i64 = sea_orm::sqlx::query_scalar(sql).fetch_one(&mut owner).await.unwrap();
    assert_eq!(owners, 2);
}

/// One that runs as its owner sees what that one sees: the check takes the word of whoever names it.
#[tokio::test]
async fn a_function_that_is_named_does_what_it_does() {
    let world = World::new().await;
    world
        .f
        .database
        .execute(
            "CREATE FUNCTION public.all_owners() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
               SET search_path = pg_catalog
               BEGIN ATOMIC SELECT count(DISTINCT organization_id) FROM public.project; END",
        )
        .await;
    let cx = world.db.tenant(world.f.acme.id, &world.f.acme.owner).begin().await.unwrap();
    let select = || RawSelect::<JsonValue>::from_sql_and_values("SELECT all_owners() AS owners", []);
    assert!(all(&cx, select()).await.unwrap_err().is_raw_sql_refused());
    let rows = all(&cx, select().allow_functions(&["all_owners"])).await.unwrap();
    assert_eq!(rows, [serde_json::json!({ "owners": 2 })]);
}
