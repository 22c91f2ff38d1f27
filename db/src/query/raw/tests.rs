use super::{
    check::one_select,
    token::{Kind, tokens},
};

fn check(sql: &str) -> Result<&str, String> {
    one_select(sql, &[]).map(|end| &sql[..end]).map_err(Into::into)
}

#[test]
fn selects_pass() {
    for sql in [
        "SELECT 1",
        "VALUES (1), (2)",
        "TABLE plan_step",
        "((SELECT 1) UNION (SELECT 2))",
        "select status, count(*) filter (where position > $1) from plan_step group by rollup (status) -- ; SET x",
        "WITH a AS (SELECT 1 AS x) SELECT x, row_number() OVER (ORDER BY x) FROM a UNION ALL VALUES (1, 2)",
        "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 3), u (m) AS NOT MATERIALIZED ((SELECT 1)) SELECT n FROM t",
        "SELECT ';' , $$ ; $$ /* ; */ FROM research_plan p JOIN LATERAL (SELECT 1) s ON true FOR UPDATE SKIP LOCKED",
        "SELECT 1 FOR NO KEY UPDATE",
        "SELECT DISTINCT ON (title) upper(title) FROM plan_step",
        "SELECT sum(x) OVER (PARTITION BY (y)), percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FILTER (WHERE y) OVER w FROM t",
        "SELECT a FROM t GROUP BY GROUPING SETS ((a), (b), ()), CUBE (c)",
        "SELECT x::numeric(10, 2), CAST(x AS varchar(3)), CAST(x AS public.geometry(Point, 4326)), x::pg_catalog.int4 FROM t",
        "SELECT extract(epoch FROM now()), trim(BOTH 'x' FROM y), position('a' IN b), y AT TIME ZONE ('UTC') FROM t",
        "SELECT v.a FROM (VALUES (1)) AS v (a), json_to_record($1) AS r (a int, b text), unnest($2) WITH ORDINALITY AS u (a, b)",
        "SELECT * FROM ROWS FROM (generate_series(1, 2), unnest($1)) AS x (a, b) TABLESAMPLE bernoulli (10) FETCH FIRST (1) ROWS ONLY",
        "SELECT * FROM json_table($1, '$[*]' COLUMNS (a int PATH '$.a', NESTED PATH '$.b' COLUMNS (c numeric(3, 1))))",
        r#"SELECT "delete", "user", t."Pg_x", pg_catalog . "lower" /* */ (a) FROM t"#,
        r"SELECT E'it\'s', '\d+', 'a''b', e'\\' FROM t WHERE a ~ '^\w+$'",
        "SELECT a->>'b', a #- '{x}', a - -1, 1.5e-3, .5, 1., 0xFF, 1_000, $1::text[], b[1:2] FROM t",
        "SELECT größe, \u{a0}x FROM t",
    ] {
        assert_eq!(check(sql), Ok(sql.trim_end_matches(" -- ; SET x")));
    }
    assert_eq!(check("SELECT 1; /* a */ ; -- b"), Ok("SELECT 1"));
}

#[test]
fn whatever_is_no_single_select_is_refused() {
    for sql in [
        "",
        "-- nothing",
        ";",
        "SET ROLE postgres",
        "set local app.organization_id = 'x'",
        "RESET ALL",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT a",
        "DO $$ BEGIN END $$",
        "CALL p()",
        "COPY t TO STDOUT",
        "EXPLAIN ANALYZE SELECT 1",
        "LISTEN a",
        "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
        "PREPARE a AS SELECT 1",
        "EXECUTE a",
        "DISCARD ALL",
        "LOCK TABLE t",
        "CREATE TEMP TABLE t (a int)",
        "INSERT INTO t VALUES (1)",
        "UPDATE t SET a = 1",
        "DELETE FROM t",
        "MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE",
        "SELECT 1 INTO t",
        "SELECT 1; SELECT 2",
        "SELECT 1; SET ROLE postgres",
        "/* SELECT */ SET ROLE postgres",
        "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a",
        "WITH a AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM a",
        "WITH a AS (UPDATE t SET a = 1 RETURNING *) SELECT * FROM a",
        "WITH a AS (WITH b AS (DELETE FROM t RETURNING *) SELECT * FROM b) SELECT * FROM a",
        "WITH a AS (SELECT 1) DELETE FROM t",
        "SELECT * FROM (WITH b AS (DELETE FROM t RETURNING *) SELECT * FROM b) x",
        "SELECT EXISTS (WITH b AS (MERGE INTO t USING s ON a = b WHEN MATCHED THEN DELETE RETURNING *) SELECT * FROM b)",
        "SELECT 1) x; DELETE FROM t; SELECT (1",
        "SELECT 1) x, (SELECT 2",
        "SELECT (1",
    ] {
        assert!(check(sql).is_err(), "{sql}");
    }
}

/// A function in each place and each spelling that PostgreSQL takes one in.
#[test]
fn functions_are_found_wherever_they_stand() {
    for call in ["pg_advisory_lock(1)", "set_config('a', 'b', true)", "own(1)", "app.enter_tenant(1)"] {
        for sql in [
            "SELECT {}",
            "SELECT 1 ORDER BY {}",
            "SELECT (SELECT {})",
            "SELECT 1 FROM {}",
            "SELECT 1 FROM t, {} AS x",
            "SELECT 1 FROM t, LATERAL {} AS x",
            "SELECT 1 FROM t JOIN LATERAL {} x ON true",
            "SELECT 1 FROM ROWS FROM (generate_series(1, 2), {}) AS x",
            "SELECT 1 FROM t TABLESAMPLE {}",
            "SELECT 1 FROM t TABLESAMPLE bernoulli ({})",
            "SELECT sum(a) OVER (ORDER BY {}) FROM t",
            "SELECT sum(a) FILTER (WHERE {} IS NULL) FROM t",
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY {}) FROM t",
            "SELECT {} OVER () FROM t",
            "SELECT DISTINCT ON ({}) 1",
            "SELECT DISTINCT ON (a) {} FROM t",
            "SELECT a FROM t WINDOW w AS (ORDER BY {})",
            "SELECT a FROM t GROUP BY GROUPING SETS (({}), ())",
            "SELECT a FROM t LIMIT {}",
            "SELECT a FROM t FETCH FIRST ({}) ROWS ONLY",
            "SELECT ARRAY[{}]",
            "SELECT a[{}] FROM t",
            "SELECT CASE WHEN true THEN {} END",
            "SELECT xmlelement(name x, xmlattributes({} AS y))",
            "SELECT 1 FROM xmltable({} PASSING a COLUMNS b int DEFAULT {})",
            "SELECT 1 FROM json_table({}, '$' COLUMNS (a int PATH '$' DEFAULT {} ON EMPTY))",
            "SELECT make_date(year => {})",
            "SELECT concat(VARIADIC {})",
            "SELECT $1 NOT IN (VALUES ({}))",
            "VALUES (1, {})",
            "WITH a (x) AS (SELECT {}) SELECT x FROM a",
            "WITH RECURSIVE a (x) AS (SELECT 1 UNION ALL SELECT {} FROM a) CYCLE x SET y USING z SELECT x FROM a",
            "SELECT 1 UNION ALL SELECT {}",
            "SELECT 1 -- \r, {}",
            "SELECT 1 ->-- \n {}",
            "SELECT 1 /* /* */ */, {}",
            "SELECT 1 */*/* */ */{}",
            "SELECT $a$ $b$ $a$, {}, $a$ $a$",
            r"SELECT '\\', {}, '\\'",
            r"SELECT E'\\', {}, E'\''",
            r#"SELECT "a""", {}"#,
        ] {
            assert!(check(&sql.replace("{}", call)).is_err(), "{sql} with {call}");
            let harmless = sql.replace("{}", "lower(a)");
            let harmless = check(&harmless);
            assert!(harmless.is_ok() || sql.contains(r"'\\'"), "{sql}: {harmless:?}");
        }
    }
}

#[test]
fn names_are_found_however_they_are_spelled() {
    for sql in [
        "SELECT PG_Advisory_Lock (1)",
        "SELECT \"pg_advisory_lock\"(1)",
        "SELECT pg_catalog.pg_advisory_lock(1)",
        "SELECT \"pg_catalog\" /**/ . -- \n \"pg_advisory_lock\" /* ( */ (1)",
        "SELECT db.pg_catalog.lower('x')",
        "SELECT public.lower('x')",
        "SELECT information_schema._pg_truetypid(a, b) FROM t",
        "SELECT U&\"\\0070g_advisory_lock\"(42)",
        "SELECT u&\"!0070g_advisory_lock\" UESCAPE '!' (42)",
        "SELECT U&'\\0027'",
        "SELECT treat(1 AS pg_advisory_lock)",
        "SELECT treat(1 AS own)",
        "SELECT t.pg_column_size FROM t",
        "SELECT (t).\"pg_column_size\" FROM t",
        "SELECT 1 OPERATOR(public.+) 1",
        "SELECT 1 OPERATOR(pg_catalog.+) 1",
        "SELECT * FROM pg_stat_activity",
        "SELECT * FROM \"pg_class\"",
        "SELECT * FROM pg_catalog.pg_class",
        "SELECT * FROM information_schema.tables",
        "TABLE pg_authid",
        "SELECT 'secret'::regclass",
        "SELECT CAST('a' AS RegRole), 1::pg_catalog.regproc",
        "SELECT regtype 'int'",
        "SELECT aclitem 'a=r/b'",
        "SELECT current_user",
        "SELECT SESSION_USER, user",
        "SELECT current_schema()",
        "SELECT collation for ('x')",
        "SELECT merge_action()",
        "SELECT by(1), sets(1), zone(1), first(1), materialized(1), not materialized(1)",
        "SELECT DISTINCT ON (a) over(1) FROM t",
        "SELECT filter(1)",
        "SELECT columns(1)",
        "SELECT a, own(b) AS (c int) FROM t",
        "SELECT * FROM t, own(b) AS (c int)",
        "SELECT * FROM t, own(b) AS (values int)",
        "SELECT * FROM t, own(b) AS materialized (values int)",
        "SELECT * FROM t, own(b) AS (values int, \"select\" int)",
        // The name is cut to another one, or is no ASCII.
        "SELECT lowerlowerlowerlowerlowerlowerlowerlowerlowerlowerlowerlowerlower('x')",
        "SELECT \"\"",
        "SELECT \u{212a}(1)",
        "SELECT lo\u{17f}er(1)",
        "SELECT\u{a0}lower(1)",
    ] {
        assert!(check(sql).is_err(), "{sql}");
    }
}

#[test]
fn what_is_read_in_two_ways_is_refused() {
    for sql in [
        "SELECT '\\'",
        "SELECT 'a\\''",
        "SELECT E'a'\n'\\'', own(1), '\\''",
        "SELECT B'\\'",
        "SELECT 1a",
        "SELECT $1a",
        "SELECT 1e",
        "SELECT 0x1g",
        "SELECT 'a",
        "SELECT \"a",
        "SELECT $a$ $b$",
        "SELECT $1$ $1$",
        "SELECT /* /* */",
        "SELECT 1\u{b}",
        "SELECT \\x",
        "SELECT {fn lower('x')}",
        "SELECT 1 \0 FROM t",
    ] {
        assert!(check(sql).is_err(), "{sql}");
    }
}

#[test]
fn an_operator_ends_where_a_comment_begins() {
    let kinds = |sql| tokens(sql).unwrap().into_iter().map(|token| token.kind).collect::<Vec<_>>();
    let word = |word: &str| Kind::Word(word.to_owned());
    assert_eq!(kinds("a->--b\rc"), [word("a"), Kind::Operator, word("c")]);
    assert_eq!(kinds("a+/*b*/c"), [word("a"), Kind::Operator, word("c")]);
    assert_eq!(kinds("a*/**/c"), [word("a"), Kind::Operator, word("c")]);
    assert_eq!(kinds("a/--/*\nc"), [word("a"), Kind::Operator, word("c")]);
    assert_eq!(kinds("a$$b$$ c"), [word("a$$b$$"), word("c")]);
    assert_eq!(kinds("A::e'\\''.b"), [word("a"), Kind::Cast, Kind::Text, Kind::Mark('.'), word("b")]);
}

#[test]
fn functions_are_allowed_as_they_are_written() {
    let allowed = ["similarity", "app.days", "pg_catalog.pg_try_advisory_xact_lock"];
    for sql in [
        "SELECT similarity(a, b), \"similarity\" (a, b), app.days(c), pg_catalog.pg_try_advisory_xact_lock(1) FROM t",
        "SELECT * FROM App.Days(1)",
    ] {
        assert!(one_select(sql, &allowed).is_ok(), "{sql}");
        assert!(one_select(sql, &[]).is_err(), "{sql}");
    }
    for sql in [
        "SELECT public.similarity(a, b)",
        "SELECT days(1)",
        "SELECT app.similarity(a, b)",
        "SELECT \"Similarity\"(a, b)",
        "SELECT pg_try_advisory_xact_lock(1)",
        "SELECT other.app.days(1)",
        "SELECT pg_catalog.pg_advisory_xact_lock(1)",
    ] {
        assert!(one_select(sql, &allowed).is_err(), "{sql}");
    }
}
