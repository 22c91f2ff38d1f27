//! Every SQLSTATE that a program may meet has words of its own, and a question that finds it.

use db::Error;
use entity::ResearchPlan;
use tests::Fixture;

use super::titled;

/// A trigger that raises the SQLSTATE that the plan's title is, with a text that is not to be shown.
const RAISE: &str = "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE 'the secret' USING ERRCODE = NEW.title; END $$;
    CREATE TRIGGER fail BEFORE INSERT ON research_plan FOR EACH ROW EXECUTE FUNCTION fail()";

type Asked = fn(&Error) -> bool;

const ASKED: &[(&str, &str, Asked)] = &[
    ("0A000", "PostgreSQL does not do this", Error::is_invalid_statement),
    ("21000", "give each key once", Error::is_cardinality_violation),
    ("22001", "longer than its column", Error::is_data_exception),
    ("22003", "out of the range", Error::is_data_exception),
    ("22007", "a date or a time", Error::is_data_exception),
    ("22008", "a date or a time", Error::is_data_exception),
    ("22012", "division by zero", Error::is_data_exception),
    ("22021", "NUL", Error::is_data_exception),
    ("22023", "a value is none", Error::is_data_exception),
    ("22P02", "no value of the type", Error::is_data_exception),
    ("23001", "has to stay", Error::is_foreign_key_violation),
    ("23502", "unset", Error::is_not_null_violation),
    ("23503", "not there", Error::is_foreign_key_violation),
    ("23505", "taken", Error::is_unique_violation),
    ("23514", "outside of what the column allows", Error::is_check_violation),
    ("23P01", "exclude each other", Error::is_exclusion_violation),
    ("25006", "takes no writes", Error::is_server_read_only),
    ("25P02", "savepoint", Error::is_rolled_back),
    ("25P03", "took too long", Error::is_connection_lost),
    ("25P04", "took too long", Error::is_connection_lost),
    ("26000", "run the transaction again", Error::is_stale_statement),
    ("40001", "run it again", Error::is_serialization_failure),
    ("40P01", "run it again", Error::is_serialization_failure),
    ("42501", "permission denied", Error::is_permission_denied),
    ("42601", "no SQL", Error::is_invalid_statement),
    ("42703", "run the migrations", Error::is_invalid_statement),
    ("42883", "these types", Error::is_invalid_statement),
    ("428C9", "leave it unset", Error::is_invalid_statement),
    ("42P01", "run the migrations", Error::is_invalid_statement),
    ("42P05", "run the transaction again", Error::is_stale_statement),
    ("42P10", "unique key", Error::is_invalid_statement),
    ("42P18", "cast it", Error::is_invalid_statement),
    ("42XXX", "compare the entity", Error::is_invalid_statement),
    ("53100", "disk is full", Error::is_out_of_resources),
    ("53200", "out of memory", Error::is_out_of_resources),
    ("53300", "no connection left", Error::is_out_of_resources),
    ("53400", "run out of something", Error::is_out_of_resources),
    ("54000", "an index takes", Error::is_data_exception),
    ("55P03", "a lock", Error::is_lock_not_available),
    ("57014", "timed out", Error::is_statement_timeout),
    ("57P01", "shutting down", Error::is_connection_lost),
    ("57P04", "was dropped", Error::is_connection_lost),
    ("57P05", "idle", Error::is_connection_lost),
];

/// What nobody would act on otherwise than on any error has words, and no question.
const TOLD: &[(&str, &str)] = &[
    ("08000", "connection"),
    ("44000", "view"),
    ("54001", "nested too deeply"),
    ("55000", "state"),
    ("58030", "its log"),
    ("P0001", "ERRCODE"),
    ("P0002", "a function"),
    ("XX000", "its log"),
    ("ZZ999", "refused the statement"),
];

#[tokio::test]
async fn each_has_words_and_a_question() {
    let f = Fixture::new().await;
    f.database.execute(RAISE).await;
    let raised = async |sqlstate: &str| {
        let insert = ResearchPlan::insert(titled(sqlstate));
        let error = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| insert.exec(cx).await).await;
        let error = error.unwrap_err();
        assert_eq!(error.sqlstate(), Some(sqlstate));
        let text = format!("{error} {error:?}");
        assert!(text.contains(sqlstate) && (sqlstate == "42501" || !text.contains("secret")), "{text}");
        error
    };
    for (sqlstate, says, is) in ASKED {
        let error = raised(sqlstate).await;
        assert!(is(&error), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
    for (sqlstate, says) in TOLD {
        let error = raised(sqlstate).await;
        assert!(error.to_string().contains(says), "{error}");
    }
    // The pool is none the worse.
    let plans = f.db.with_tenant_context(f.acme.id, &f.acme.owner, async |cx| ResearchPlan::find().count(cx).await);
    assert_eq!(plans.await.unwrap(), 1);
}
