//! What the login role has of its own.

use db::audit::Code;

use super::Case;

pub(super) fn cases() -> Vec<Case> {
    use Code::{LoginHasPrivileges, LoginInheritsScope};
    vec![
        Case::new(
            LoginInheritsScope,
            "the role inherits",
            "role $p_login",
            &["DO $$ BEGIN
            IF current_setting('server_version_num')::int >= 160000 THEN
              EXECUTE 'GRANT $p_tenant, $p_user TO $p_login WITH INHERIT TRUE';
            ELSE ALTER ROLE $p_login INHERIT; END IF; END $$"],
        ),
        Case::new(
            LoginHasPrivileges,
            "a table",
            "role $p_login of public.organization",
            &["GRANT SELECT ON organization TO $p_login"],
        ),
        Case::new(
            LoginHasPrivileges,
            "a column",
            "role $p_login of public.user",
            &["GRANT SELECT (email) ON \"user\" TO $p_login"],
        ),
        Case::new(
            LoginHasPrivileges,
            "a sequence",
            "role $p_login of public.counter",
            &["CREATE SEQUENCE counter", "GRANT USAGE ON SEQUENCE counter TO $p_login"],
        ),
        Case::new(
            LoginHasPrivileges,
            "a foreign server",
            "role $p_login",
            &[
                "CREATE FOREIGN DATA WRAPPER elsewhere",
                "CREATE SERVER elsewhere FOREIGN DATA WRAPPER elsewhere",
                "GRANT USAGE ON FOREIGN SERVER elsewhere TO $p_login",
            ],
        ),
        Case::new(
            LoginHasPrivileges,
            "a role that it inherits",
            "role $p_login of public.organization",
            &[
                "CREATE ROLE $p_reports",
                "GRANT SELECT ON organization TO $p_reports",
                "GRANT $p_reports TO $p_login WITH INHERIT TRUE",
            ],
        )
        .since(16),
    ]
}
