//! Foreign keys.

use super::*;

/// What a foreign key can say after its columns, each with what it says once it has its scope; `None` where that is for
/// people to decide.
fn shapes(version: i32) -> Vec<(String, Option<String>)> {
    let deletes = [
        ("", Some("")),
        (" ON DELETE CASCADE", Some(" ON DELETE CASCADE")),
        (" ON DELETE RESTRICT", Some(" ON DELETE RESTRICT")),
        (" ON DELETE SET NULL", Some(" ON DELETE SET NULL (member_id)")),
        (" ON DELETE SET DEFAULT", Some(" ON DELETE SET DEFAULT (member_id)")),
        (" ON DELETE SET NULL (member_id)", Some(" ON DELETE SET NULL (member_id)")),
    ];
    let updates = ["", " ON UPDATE CASCADE", " ON UPDATE RESTRICT", " ON UPDATE SET NULL", " ON UPDATE SET DEFAULT"];
    let checks = ["", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED"];
    let states: &[&str] = if version >= 18 { &["", " NOT VALID", " NOT ENFORCED"] } else { &["", " NOT VALID"] };
    let mut shapes = Vec::new();
    for (n, (delete, kept)) in deletes.iter().enumerate() {
        for (m, update) in updates.iter().enumerate() {
            // Each with each, but for the last two, which take turns.
            let (check, state) = (checks[(n + m) % checks.len()], states[(n + m / 2) % states.len()]);
            let is_kept = !update.contains("SET");
            shapes.push((
                format!("{update}{delete}{check}{state}"),
                kept.filter(|_| is_kept).map(|kept| format!("{update}{kept}{check}{state}")),
            ));
        }
    }
    shapes
}

#[tokio::test]
async fn one_gains_its_scope_and_keeps_all_else() {
    let mut shop = Shop::open().await;
    for (n, (rules, kept)) in shapes(shop.version).iter().enumerate() {
        // PostgreSQL quotes the one, and not the other.
        let name = if n % 2 == 0 { "about" } else { "\"Ab'o) REFERENCES ut\"" };
        shop.run(&format!(
            "ALTER TABLE note ADD CONSTRAINT {name} FOREIGN KEY (member_id) REFERENCES member (id){rules}"
        ))
        .await;
        shop.run(&format!("COMMENT ON CONSTRAINT {name} ON note IS 'whose it''s \\'")).await;
        let before = shop.state().await;
        let finding = shop.find(Code::ForeignKeyWithoutScope).await;
        let (script, Some(kept)) = (finding.repair.script(), kept) else {
            assert!(finding.repair.statements.is_empty() && kept.is_none(), "{rules}: {finding:?}");
            shop.run(&format!("ALTER TABLE note DROP CONSTRAINT {name}")).await;
            continue;
        };
        shop.run(&script.unwrap_or_else(|| panic!("{rules}: {finding:?}"))).await;
        let gone: BTreeSet<_> = changes(&before, &shop.state().await).0.into_iter().collect();
        let line = |columns: &str, referenced: &str, rules: &str| {
            format!(
                "constraint note {name}: FOREIGN KEY ({columns}) REFERENCES member({referenced}){rules} whose it's \\"
            )
            .replace('"', "")
        };
        let (gone, made) = (gone, changes(&before, &shop.state().await).1);
        let unquoted: Vec<_> = gone.iter().map(|line| line.replace('"', "")).collect();
        assert_eq!(unquoted, [line("member_id", "id", rules)]);
        let unquoted: Vec<_> = made.iter().map(|line| line.replace('"', "")).collect();
        assert_eq!(unquoted, [line("organization_id, member_id", "organization_id, id", kept)]);
        shop.run(&format!("ALTER TABLE note DROP CONSTRAINT {name}")).await;
    }
    assert!(shop.audit().await.findings.is_empty());
    shop.close().await;
}

/// Over a column that is never null it stays; else a row without the member would be refused by it.
#[tokio::test]
async fn match_full_is_kept_or_left_to_decide() {
    let mut shop = Shop::open().await;
    shop.run(
        "ALTER TABLE note ADD CONSTRAINT about FOREIGN KEY (member_id) REFERENCES member (id) MATCH FULL DEFERRABLE",
    )
    .await;
    let finding = shop.find(Code::ForeignKeyWithoutScope).await;
    assert!(finding.repair.statements.is_empty() && finding.repair.advice[0].contains("MATCH FULL"), "{finding:?}");
    shop.run("ALTER TABLE note ALTER COLUMN member_id SET NOT NULL").await;
    let finding = shop.find(Code::ForeignKeyWithoutScope).await;
    shop.run(&finding.repair.script().unwrap()).await;
    let kept = "FOREIGN KEY (organization_id, member_id) REFERENCES member(organization_id, id) MATCH FULL DEFERRABLE";
    assert!(shop.state().await.iter().any(|line| line.contains(kept)));
    shop.close().await;
}

/// Each of the tables names its key `parent`, and the table that they point at has no key with the tenant.
const ALIKE: &str = "
    CREATE TABLE folder (organization_id uuid NOT NULL, id uuid PRIMARY KEY);
    CREATE INDEX ON folder (organization_id);
    CREATE TABLE paper (organization_id uuid NOT NULL, id uuid, folder_id uuid CONSTRAINT parent REFERENCES folder, PRIMARY KEY (organization_id, id));
    CREATE TABLE photo (organization_id uuid NOT NULL, id uuid, folder_id uuid CONSTRAINT parent REFERENCES folder, PRIMARY KEY (organization_id, id));
    CREATE INDEX parent_scoped ON photo (id);
    INSERT INTO folder SELECT u, u FROM unnest($ids$) u;
    INSERT INTO paper SELECT u, u, u FROM unnest($ids$) u;
    INSERT INTO photo SELECT u, u, u FROM unnest($ids$) u;";

#[tokio::test]
async fn two_that_are_named_alike_are_both_repaired() {
    let mut shop = Shop::open().await;
    shop.run(&ALIKE.replace("$ids$", IDS)).await;
    let report = shop.audit().await;
    assert_eq!(report.of(Code::ForeignKeyWithoutScope).count(), 2, "{report}");
    for finding in report.of(Code::ForeignKeyWithoutScope) {
        shop.run(&finding.repair.script().unwrap()).await;
    }
    let state = shop.state().await;
    for table in ["paper", "photo"] {
        let key = format!(
            "constraint {table} parent: FOREIGN KEY (organization_id, folder_id) REFERENCES folder(organization_id, id)"
        );
        assert!(state.iter().any(|line| line.starts_with(&key)), "{state:#?}");
    }
    let made = state.iter().filter(|line| line.starts_with("constraint folder") && line.contains("UNIQUE")).count();
    assert_eq!(made, 1, "the key that both need is made once");
    assert_eq!(shop.audit().await.of(Code::ForeignKeyWithoutScope).count(), 0);
    shop.close().await;
}

#[tokio::test]
async fn a_repair_that_fails_leaves_everything_as_it_was() {
    let mut shop = Shop::open().await;
    shop.run(&ALIKE.replace("$ids$", IDS)).await;
    // A row that points at another tenant's.
    shop.run(&format!("UPDATE paper SET folder_id = ({IDS})[2] WHERE id = ({IDS})[1]")).await;
    let before = shop.state().await;
    let report = shop.audit().await;
    let mut failed = 0;
    for finding in report.of(Code::ForeignKeyWithoutScope) {
        failed += usize::from(shop.try_run(&finding.repair.script().unwrap()).await.is_err());
        if finding.object.table.as_deref() == Some("public.paper") {
            assert_eq!(shop.state().await, before);
            let shows = finding.repair.advice.iter().find_map(|sentence| Some(sentence.split_once(": ")?.1)).unwrap();
            let query = AssertSqlSafe(shows.trim_end_matches(" shows those").to_owned());
            assert_eq!(shop.owner.fetch_all(raw_sql(query)).await.unwrap().len(), 1, "{shows}");
        }
    }
    assert_eq!(failed, 1);
    // It is still there, and found again.
    let report = shop.audit().await;
    assert!(
        report.of(Code::ForeignKeyWithoutScope).any(|finding| finding.object.table.as_deref() == Some("public.paper"))
    );
    shop.close().await;
}

/// Under FORCE an owner sees no row, and PostgreSQL marks a key as valid that it has checked against nothing.
#[tokio::test]
async fn an_owner_who_sees_no_rows_checks_them_all_the_same() {
    let mut shop = Shop::open().await;
    let owner = shop.database.role("owner");
    shop.run(&format!("CREATE ROLE {owner}; GRANT USAGE, CREATE ON SCHEMA public TO {owner}; ALTER TABLE member OWNER TO {owner}; ALTER TABLE note OWNER TO {owner}")).await;
    shop.run("ALTER TABLE note ADD CONSTRAINT about FOREIGN KEY (member_id) REFERENCES member (id) NOT VALID").await;
    for code in [Code::ForeignKeyNotValidated, Code::ForeignKeyWithoutScope] {
        let script = shop.find(code).await.repair.script().unwrap();
        let as_owner = |script: &str| format!("SET ROLE {owner}; {script}; RESET ROLE");
        shop.run("SET session_replication_role = replica; UPDATE note SET member_id = gen_random_uuid() WHERE body = 'note 1'; RESET session_replication_role").await;
        let before = shop.state().await;
        if code == Code::ForeignKeyNotValidated {
            // The control: without what a repair does beside it, it is said to be checked.
            shop.run(&format!(
                "SET ROLE {owner}; BEGIN; ALTER TABLE note VALIDATE CONSTRAINT about; ROLLBACK; RESET ROLE"
            ))
            .await;
            assert!(shop.try_run(&as_owner(&script)).await.is_err(), "a row dangles");
            shop.run("RESET ROLE").await;
            assert_eq!(shop.state().await, before);
        }
        shop.run("UPDATE note SET member_id = organization_id").await;
        shop.run(&as_owner(&script)).await;
        assert!(shop.state().await.iter().any(|line| line.starts_with("relation note:") && line.contains(" t t ")));
    }
    let report = shop.audit().await;
    assert!(
        report.of(Code::ForeignKeyWithoutScope).next().is_none()
            && report.of(Code::ForeignKeyNotValidated).next().is_none()
    );
    shop.run(&format!("REASSIGN OWNED BY {owner} TO CURRENT_USER; DROP OWNED BY {owner}; DROP ROLE {owner}")).await;
    shop.close().await;
}

/// A key that is gone is found, and made again with the scope.
#[tokio::test]
async fn one_that_is_gone_is_found_and_made_again() {
    let mut shop = Shop::open().await;
    let key = "plan_step_organization_id_plan_id_fkey";
    let before = shop.state().await;
    shop.run(&format!("ALTER TABLE plan_step DROP CONSTRAINT {key}")).await;
    let finding = shop.find(Code::ForeignKeyMissing).await;
    assert_eq!(finding.object.to_string(), "column organization_id, plan_id of public.plan_step");
    shop.run(&finding.repair.script().unwrap()).await;
    // It does what the entity says; the migration had said more.
    let (gone, made) = changes(&before, &shop.state().await);
    assert_eq!(gone.iter().map(|line| line.replace(" ON DELETE CASCADE", "")).collect::<Vec<_>>(), made);
    assert!(finding.repair.advice.iter().any(|sentence| sentence.contains("a delete does")), "{finding:?}");
    assert!(shop.audit().await.findings.is_empty());
    // Another one between the two, over other columns, is none.
    shop.run(&format!("ALTER TABLE plan_step DROP CONSTRAINT {key}, ADD CONSTRAINT {key} FOREIGN KEY (organization_id, id) REFERENCES research_plan")).await;
    shop.find(Code::ForeignKeyMissing).await;
    shop.close().await;
}
