//! What a database and the roles of its server are like, to be compared.

use sea_orm::sqlx::{self, Connection};
use tests::TestDatabase;

/// All that a schema dump and a dump of the roles would say of a database, and who may do what.
const STATE: &str = "
    WITH acl (object, acl) AS (
      SELECT 'schema ' || nspname, coalesce(nspacl, acldefault('n', nspowner)) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'
      UNION ALL SELECT 'database', coalesce(datacl, acldefault('d', datdba)) FROM pg_database WHERE datname = current_database()
      UNION ALL SELECT 'function ' || oid::regprocedure, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc
      UNION ALL SELECT 'relation ' || oid::regclass, coalesce(relacl, acldefault('r', relowner)) FROM pg_class
        WHERE relnamespace::regnamespace::text !~ '^pg_toast'
      UNION ALL SELECT format('column %s.%s', attrelid::regclass, attname), attacl FROM pg_attribute WHERE attacl IS NOT NULL
      UNION ALL SELECT 'language ' || lanname, coalesce(lanacl, acldefault('l', lanowner)) FROM pg_language
    ), line (line) AS (
      SELECT format('grant %s%s to %s by %s on %s', privilege_type, CASE WHEN is_grantable THEN '*' END,
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END, pg_get_userbyid(grantor), object)
      FROM acl, aclexplode(acl.acl)
      UNION ALL SELECT format('schema %s %s %s', nspname, pg_get_userbyid(nspowner), obj_description(oid, 'pg_namespace')) FROM pg_namespace
        WHERE nspname !~ '^pg_(toast_)?temp'
      UNION ALL SELECT format('function %s %s', proowner::regrole, pg_get_functiondef(oid)) FROM pg_proc
        WHERE pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) AND prokind = 'f'
      UNION ALL SELECT format('relation %s %s %s %s %s', oid::regclass, relkind, relowner::regrole, relrowsecurity, relforcerowsecurity) FROM pg_class
        WHERE relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)
      UNION ALL SELECT format('column %s.%s %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), pg_get_expr(adbin, adrelid))
        FROM pg_attribute JOIN pg_class c ON c.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = 'public'::regnamespace AND attnum > 0
      UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
      UNION ALL SELECT format('policy %s', to_jsonb(p)) FROM pg_policies p
      UNION ALL SELECT format('role %s %s %s', to_jsonb(r) - 'oid', shobj_description(r.oid, 'pg_authid'),
          (SELECT array_agg(m.roleid::regrole::text ORDER BY 1) FROM pg_auth_members m WHERE m.member = r.oid))
        FROM pg_roles r WHERE rolname LIKE $1 || '%' OR rolname ~ '^pg_'
      UNION ALL SELECT format('setting %s %s', setrole::regrole, setconfig) FROM pg_db_role_setting WHERE setrole::regrole::text LIKE $1 || '%'
    )
    SELECT line FROM line ORDER BY line COLLATE \"C\"";

pub(crate) async fn state(database: &TestDatabase) -> Vec<String> {
    let mut owner = database.owner().await;
    let lines = sqlx::query_scalar(STATE).bind(&database.name).fetch_all(&mut owner).await.unwrap();
    owner.close().await.unwrap();
    lines
}

/// Asserts that two states are the same, and says in which lines they are not.
pub(crate) fn same(before: &[String], after: &[String], when: &str) {
    let lost: Vec<_> = before.iter().filter(|line| !after.contains(line)).collect();
    let new: Vec<_> = after.iter().filter(|line| !before.contains(line)).collect();
    assert!(lost.is_empty() && new.is_empty(), "{when}: lost {lost:#?}, new {new:#?}");
}
