//! How the probes know what has become of the rows: by a superuser's view from inside of the very transaction, which is
//! rolled back then.

use crate::testing::{Result, literal, session::Session, tables::Catalog};

/// Makes the schema `isolation_probe`, in a copy that is thrown away.
pub(super) async fn install(session: &mut Session, catalog: &Catalog) -> Result<()> {
    let tables: Vec<_> = catalog.tables.iter().map(super::super::tables::Table::sql).collect();
    // An update, be it to the same values, moves a row to another place.
    let rows = |table: &String| {
        format!(
            "SELECT {}::text AS relation, t.tableoid::text || t.ctid::text AS place, pg_catalog.to_jsonb(t) AS line FROM {table} t",
            literal(table)
        )
    };
    let all = tables.iter().map(rows).collect::<Vec<_>>().join(" UNION ALL ");
    session
        .run(&format!(
            "CREATE SCHEMA isolation_probe;
             GRANT USAGE ON SCHEMA isolation_probe TO PUBLIC;
             CREATE VIEW isolation_probe.now AS {all};
             CREATE TABLE isolation_probe.before AS TABLE isolation_probe.now;
             CREATE FUNCTION isolation_probe.changes() RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER
               SET search_path = pg_catalog, pg_temp AS $probe$
               BEGIN
               RETURN QUERY
               WITH now AS MATERIALIZED (TABLE isolation_probe.now),
                 gone AS (TABLE isolation_probe.before EXCEPT TABLE now),
                 new AS (TABLE now EXCEPT TABLE isolation_probe.before)
               SELECT jsonb_build_object('gone', true, 'relation', relation, 'line', line)::text FROM gone
               UNION ALL
               SELECT jsonb_build_object('gone', false, 'relation', relation, 'line', line)::text FROM new;
               END
             $probe$;
             CREATE FUNCTION isolation_probe.sees(line jsonb, own jsonb) RETURNS boolean LANGUAGE plpgsql
               COST 0.0001 AS $probe$
               BEGIN
                 IF NOT own @> pg_catalog.jsonb_build_array(line) THEN
                   RAISE EXCEPTION 'isolation_probe: a foreign row is seen';
                 END IF;
                 RETURN true;
               END
             $probe$;
             GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA isolation_probe TO PUBLIC"
        ))
        .await
}
