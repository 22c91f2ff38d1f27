//! What no repair does: delete rows, drop what somebody made, hand rights on, or lock somebody out.

use super::*;

/// What is wrong, and what none of the statements may do. Each is a database in which the code of the finding is found.
const HARMS: [(Code, &str, &[&str]); 13] = [
    (
        Code::ForeignKeyDangling,
        "SET session_replication_role = replica; UPDATE member SET user_id = gen_random_uuid(); RESET session_replication_role",
        &["DELETE"],
    ),
    (Code::ScopeColumnType, "DROP POLICY tenant_access ON note; DROP POLICY tenant_boundary ON note; ALTER TABLE note DROP COLUMN organization_id; ALTER TABLE note ADD organization_id bigint NOT NULL DEFAULT 1", &["TYPE"]),
    (Code::Publication, "CREATE PUBLICATION everything FOR TABLE note", &["DROP"]),
    (Code::RuleOnTable, "CREATE RULE also AS ON INSERT TO note DO ALSO SELECT 1", &["DROP"]),
    (
        Code::TriggerBypassesRls,
        "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
         AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER look BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION look()",
        &["INVOKER", "DROP"],
    ),
    (Code::PolicyToPublic, "CREATE POLICY extra ON note AS RESTRICTIVE USING (body <> '')", &["DROP"]),
    (Code::PoliciesWithoutRls, "CREATE TABLE others (a int); CREATE POLICY own ON others USING (a > 0)", &["ENABLE"]),
    (Code::EntityColumnMissing, "ALTER TABLE note DROP COLUMN body", &["NOT NULL"]),
    // A function or a view of a superuser's reads everything.
    (
        Code::RoleOwnsObject,
        "CREATE FUNCTION look() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp RETURN 1;
         REVOKE ALL ON FUNCTION look FROM PUBLIC; ALTER FUNCTION look OWNER TO $p_tenant",
        &["OWNER TO"],
    ),
    (Code::RoleOwnsObject, "CREATE VIEW look AS SELECT 1 AS a; ALTER VIEW look OWNER TO $p_tenant", &["OWNER TO"]),
    (
        Code::PolicyFunctionNotInlinable,
        "CREATE FUNCTION own_note() RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog RETURN true;
         CREATE POLICY extra ON note AS RESTRICTIVE TO $p_tenant USING (own_note())",
        &["RESET", "INVOKER"],
    ),
    (
        Code::PolicyFunctionVolatility,
        "CREATE FUNCTION own_note() RETURNS boolean LANGUAGE sql IMMUTABLE RETURN true;
         CREATE POLICY extra ON note AS RESTRICTIVE TO $p_tenant USING (own_note())",
        &["STABLE"],
    ),
    (
        Code::DefinerSearchPath,
        "CREATE FUNCTION look() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN (SELECT count(*) FROM note); END'",
        &["search_path"],
    ),
];

#[tokio::test]
async fn a_repair_does_no_harm() {
    for (code, fault, never) in HARMS {
        let mut shop = Shop::open().await;
        shop.run(fault).await;
        let report = shop.audit().await;
        assert!(report.of(code).next().is_some(), "{code}: {report}");
        for finding in report.of(code) {
            let script = finding.repair.script().unwrap_or_default();
            assert!(never.iter().all(|word| !script.contains(word)), "{code}: {script}");
            assert!(!finding.repair.advice.is_empty(), "{code}: {finding:?}");
            let rows =
                |state: BTreeSet<String>| state.into_iter().filter(|line| line.starts_with("rows")).collect::<Vec<_>>();
            let before = rows(shop.state().await);
            shop.run(&script).await;
            assert_eq!(rows(shop.state().await), before, "{code}");
        }
        shop.close().await;
    }
}

/// The contract writes the column as an owner goes: it has to be there first.
#[tokio::test]
async fn what_the_contract_needs_and_is_not_there_is_said() {
    let mut shop = Shop::open().await;
    shop.run("DROP TRIGGER keep_an_owner ON member; DROP POLICY gate_organization_touch ON organization; DROP TRIGGER touch_updated_at ON organization; ALTER TABLE organization DROP COLUMN updated_at").await;
    let report = shop.audit().await;
    let finding = report.of(Code::ContractMissing).next().unwrap_or_else(|| panic!("{report}"));
    assert!(finding.repair.statements.is_empty(), "{finding:?}");
    assert!(finding.repair.advice[0].contains("public.organization.updated_at"), "{finding:?}");
    shop.close().await;
}

/// Who else loses something is named, also where nobody but an administrator sees that.
#[tokio::test]
async fn others_that_lose_something_are_named() {
    let mut shop = Shop::open().await;
    let legacy = shop.database.role("owner");
    shop.run(&format!("CREATE ROLE {legacy} LOGIN; GRANT SELECT ON note TO {legacy}; ALTER TABLE note DISABLE ROW LEVEL SECURITY; GRANT SELECT ON organization TO PUBLIC")).await;
    let report = shop.audit().await;
    for code in [Code::PoliciesWithoutRls, Code::GrantToPublic] {
        let finding = report.of(code).next().unwrap_or_else(|| panic!("{report}"));
        let says = |sentence: &String| code == Code::GrantToPublic || sentence.contains(&format!("`{legacy}`"));
        assert!(finding.repair.advice.iter().any(says), "{finding:?}");
    }
    // A policy that is for another role too is left to that one.
    shop.run(&format!(
        "ALTER TABLE note ENABLE ROW LEVEL SECURITY; CREATE POLICY extra ON note TO $p_tenant, {legacy} USING (true)"
    ))
    .await;
    shop.run(&shop.find(Code::PolicyAlwaysTrue).await.repair.script().unwrap()).await;
    let left: Vec<_> = shop.state().await.into_iter().filter(|line| line.starts_with("policy note extra")).collect();
    assert_eq!(left.len(), 1);
    assert!(shop.audit().await.of(Code::PolicyAlwaysTrue).next().is_none());
    shop.run(&format!("DROP OWNED BY {legacy}")).await;
    shop.close().await;
}

/// What only fires for what replication applies was switched to that on purpose.
#[tokio::test]
async fn a_trigger_for_replicas_stays_one() {
    let mut shop = Shop::open().await;
    shop.run("CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'").await;
    shop.run("CREATE TRIGGER look BEFORE INSERT ON member FOR EACH ROW EXECUTE FUNCTION look(); ALTER TABLE member ENABLE REPLICA TRIGGER look").await;
    assert!(shop.audit().await.findings.is_empty());
    let before = shop.state().await;
    shop.run("ALTER TABLE member DISABLE TRIGGER keep_an_owner").await;
    shop.run(&shop.find(Code::TriggerDisabled).await.repair.script().unwrap()).await;
    assert_eq!(shop.state().await, before);
    shop.close().await;
}

/// The role that a server was made with would be the last to lose its power.
#[tokio::test]
async fn nobody_is_told_to_lock_themselves_out() {
    let shop = Shop::open().await;
    // Without its contract an audit takes the role that looks for the login role.
    let prefix = shop.database.migrator();
    let report = Audit::new(&shop.registry)
        .contract(&prefix.contract().clone().login("postgres").unwrap())
        .run(&shop.connection)
        .await
        .unwrap();
    let superuser: Vec<_> = report.of(Code::RoleSuperuser).collect();
    assert!(superuser.iter().all(|finding| finding.repair.statements.is_empty()), "{superuser:?}");
    shop.close().await;
}
