//! What each role may do to each table: the table of the design, and nothing beside it.

use std::collections::BTreeSet;

use sea_orm::sqlx::{AssertSqlSafe, query_as, query_scalar};
use tests::Fixture;

/// What a role may do to a table: the verbs, and the columns that it may update.
type Grants = (&'static str, &'static [&'static str]);

const NONE: Grants = ("", &[]);
const READ: Grants = ("SELECT", &[]);

/// The privileges of a role that reads some columns alone.
const fn part(columns: &'static str) -> Grants {
    (columns, &[])
}

const fn all(columns: &'static [&'static str]) -> Grants {
    ("SELECT INSERT DELETE", columns)
}

/// Each table, with what a tenant, a user and sign-in may do to its rows. Neither a scope nor a key column may be
/// updated by anyone.
const TABLES: [(&str, [Grants; 3]); 10] = [
    (
        "organization",
        [
            ("SELECT", &["name", "logo", "metadata"]),
            READ,
            all(&["name", "slug", "logo", "metadata", "created_at", "updated_at"]),
        ],
    ),
    ("member", [("SELECT DELETE", &["role"]), READ, all(&["role", "created_at", "updated_at"])]),
    (
        "invitation",
        [
            ("SELECT INSERT", &["status"]),
            NONE,
            all(&["email", "role", "status", "expires_at", "inviter_id", "created_at", "updated_at"]),
        ],
    ),
    (
        "user",
        [
            part("id name email"),
            ("SELECT", &["name"]),
            all(&["name", "email", "email_verified", "image", "created_at", "updated_at"]),
        ],
    ),
    (
        "session",
        [
            NONE,
            ("SELECT DELETE", &[]),
            all(&[
                "token_digest",
                "expires_at",
                "ip_address",
                "user_agent",
                "active_organization_id",
                "created_at",
                "updated_at",
            ]),
        ],
    ),
    (
        "account",
        [
            NONE,
            part("id user_id account_id provider_id scope created_at updated_at"),
            all(&[
                "account_id",
                "provider_id",
                "access_token",
                "refresh_token",
                "id_token",
                "access_token_expires_at",
                "refresh_token_expires_at",
                "scope",
                "password",
                "created_at",
                "updated_at",
            ]),
        ],
    ),
    ("verification", [NONE, NONE, all(&["identifier", "value", "expires_at", "created_at", "updated_at"])]),
    ("research_plan", [all(&["title", "question", "status", "created_by", "created_at", "updated_at"]), NONE, NONE]),
    ("plan_step", [all(&["plan_id", "position", "title", "status", "created_at", "updated_at"]), NONE, NONE]),
    ("personal_access_token", [NONE, all(&["name", "revoked_at"]), NONE]),
];

/// Every privilege on every relation of the application's schema, columns included, is one of the design's table;
/// the login role and PUBLIC have none. That covers TRUNCATE, REFERENCES and TRIGGER, which row-level security does not filter.
#[tokio::test]
async fn each_role_has_the_privileges_of_the_design_and_no_other() {
    let f = Fixture::new().await;
    let mut owner = f.database.owner().await;
    let granted: Vec<(String, String, String)> = query_as(
        "SELECT c.relname::text, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, a.privilege_type
         FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
           AND a.grantee <> c.relowner
         UNION ALL
         SELECT c.relname::text, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
           a.privilege_type || ' ' || t.attname
         FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
         WHERE c.relnamespace = 'public'::regnamespace AND a.grantee <> c.relowner",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    let granted: BTreeSet<_> = granted.into_iter().collect();

    let mut expected = BTreeSet::new();
    for (table, scopes) in TABLES {
        for (scope, (verbs, columns)) in ["tenant", "user", "identity"].into_iter().zip(scopes) {
            let role = f.database.role(scope);
            for verb in verbs.split_whitespace() {
                // In capitals a verb on the table, and otherwise a column that is read.
                let verb = if verb == verb.to_uppercase() { verb.to_owned() } else { format!("SELECT {verb}") };
                expected.insert((table.to_owned(), role.clone(), verb));
            }
            for column in columns {
                expected.insert((table.to_owned(), role.clone(), format!("UPDATE {column}")));
            }
        }
    }
    // Who enters a tenant, and whose a token is, is looked up by the definer role.
    for column in ["organization_id", "user_id", "role"] {
        expected.insert(("member".to_owned(), f.database.role("gate"), format!("SELECT {column}")));
    }
    // Where an owner goes, it touches the organization.
    for privilege in ["SELECT id", "UPDATE updated_at"] {
        expected.insert(("organization".to_owned(), f.database.role("gate"), privilege.to_owned()));
    }
    for column in ["id", "user_id", "token_digest", "expires_at", "revoked_at", "last_used_at"] {
        expected.insert(("personal_access_token".to_owned(), f.database.role("gate"), format!("SELECT {column}")));
    }
    expected.insert(("personal_access_token".to_owned(), f.database.role("gate"), "UPDATE last_used_at".to_owned()));
    let difference: Vec<_> = granted.symmetric_difference(&expected).collect();
    assert!(difference.is_empty(), "granted and not of the design, or the other way round: {difference:#?}");
}

/// Every table is under row-level security, forced on its owner too, with a restrictive policy for each role
/// that may reach it.
#[tokio::test]
async fn each_table_has_a_boundary_for_each_role_that_reaches_it() {
    let f = Fixture::new().await;
    let mut owner = f.database.owner().await;
    for (table, scopes) in TABLES {
        let forced: bool = query_scalar(AssertSqlSafe(format!(
            r#"SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = '"{table}"'::regclass"#
        )))
        .fetch_one(&mut owner)
        .await
        .unwrap();
        assert!(forced, "{table}");
        let policies: Vec<(String, String)> = query_as(AssertSqlSafe(format!(
            "SELECT permissive, array_to_string(roles, ' ') FROM pg_policies
               WHERE tablename = '{table}' AND cmd = 'ALL' AND policyname NOT LIKE 'gate\\_%' ORDER BY 1, 2"
        )))
        .fetch_all(&mut owner)
        .await
        .unwrap();
        let mut reach: Vec<_> = ["identity", "tenant", "user"]
            .into_iter()
            .zip([scopes[2], scopes[0], scopes[1]])
            .filter(|(_, (verbs, _))| !verbs.is_empty())
            .map(|(scope, _)| f.database.role(scope))
            .collect();
        reach.sort();
        let expected: Vec<_> = ["PERMISSIVE", "RESTRICTIVE"]
            .iter()
            .flat_map(|kind| reach.iter().map(|role| ((*kind).to_owned(), role.clone())))
            .collect();
        assert_eq!(policies, expected, "{table}");
    }
}

/// Of all that the catalog lets everybody write, there is `pg_settings`, whose rule calls `set_config`.
#[tokio::test]
async fn a_scope_role_may_write_nothing_else_in_the_database() {
    let f = Fixture::new().await;
    let mut owner = f.database.owner().await;
    for role in ["tenant", "user", "identity", "login"].map(|role| f.database.role(role)) {
        let writable: Vec<String> = query_scalar(AssertSqlSafe(format!(
            "SELECT DISTINCT c.oid::regclass::text
             FROM pg_class c, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) verb
             WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relnamespace <> 'public'::regnamespace
               AND has_table_privilege('{role}', c.oid, verb)"
        )))
        .fetch_all(&mut owner)
        .await
        .unwrap();
        assert_eq!(writable, ["pg_settings"], "{role}");
        let creates: Vec<String> = query_scalar(AssertSqlSafe(format!(
            "SELECT nspname::text FROM pg_namespace WHERE has_schema_privilege('{role}', oid, 'CREATE')
             UNION ALL SELECT 'database' WHERE has_database_privilege('{role}', current_database(), 'CREATE, TEMPORARY')"
        )))
        .fetch_all(&mut owner)
        .await
        .unwrap();
        assert_eq!(creates, [""; 0], "{role}");
    }
}

/// Of the contract's functions, a scope role may call what its policies ask; of those that run as somebody else, sign-in
/// alone may call one, by which it learns whose a token is.
#[tokio::test]
async fn a_scope_role_may_call_no_function_that_opens_a_context() {
    let f = Fixture::new().await;
    let mut owner = f.database.owner().await;
    let name = &f.database.prefix;
    for role in ["tenant", "user", "identity", "login"] {
        let callable: Vec<String> = query_scalar(AssertSqlSafe(format!(
            "SELECT proname::text FROM pg_proc
             WHERE (pronamespace = '{name}'::regnamespace OR prosecdef OR proname = 'set_config')
               AND has_function_privilege('{}', oid, 'EXECUTE')
             ORDER BY 1",
            f.database.role(role)
        )))
        .fetch_all(&mut owner)
        .await
        .unwrap();
        let accessors = vec![
            "current_organization_id",
            "current_user_id",
            "in_identity_context",
            "sealed_identity",
            "sealed_member_id",
            "sealed_member_role",
            "sealed_organization_id",
            "sealed_user_id",
        ];
        let mut expected = match role {
            "login" => vec!["enter_identity", "enter_tenant", "enter_tenant_as_system", "enter_user"],
            "identity" => [vec!["authenticate_token"], accessors].concat(),
            "tenant" => [accessors, vec!["ranks_member_role", "require_member_role"]].concat(),
            _ => accessors,
        };
        expected.sort_unstable();
        assert_eq!(callable, expected, "{role}");
    }
}
