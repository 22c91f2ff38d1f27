//! What the login and scope roles are, and can become.

use db::audit::Code;

use super::Case;

#[expect(clippy::too_many_lines, reason = "a list")]
pub(super) fn cases() -> Vec<Case> {
    use Code::{
        DefinerRoleChanged, MembershipAdminOption, RoleBecomesOwner, RoleBypassesRls, RoleCreatesRoles, RoleOwnsObject,
        RoleReachesRows, RoleReadsAll, RoleReplicates, RoleSuperuser, ScopeRoleLogsIn, SettingFixed,
    };
    let mut cases = Vec::new();
    for (code, attribute) in [
        (RoleSuperuser, "SUPERUSER"),
        (RoleBypassesRls, "BYPASSRLS"),
        (RoleReplicates, "REPLICATION"),
        (RoleCreatesRoles, "CREATEROLE"),
    ] {
        let has = format!("ALTER ROLE $p_tenant {attribute}");
        let login_has = format!("ALTER ROLE $p_login {attribute}");
        let root = format!("CREATE ROLE $p_root {attribute}");
        cases.extend([
            Case::new(code, "a scope role's attribute", "role $p_tenant", &[&has]),
            Case::new(code, "the login role's attribute", "role $p_login", &[&login_has]),
            Case::new(code, "a membership", "role $p_user", &[&root, "GRANT $p_root TO $p_user"]),
            Case::new(
                code,
                "a membership of a membership",
                "role $p_login",
                &[&root, "CREATE ROLE $p_ops", "GRANT $p_root TO $p_ops", "GRANT $p_ops TO $p_login"],
            ),
        ]);
    }
    cases.extend([
        Case::new(
            RoleBecomesOwner,
            "the owner of a table",
            "role $p_tenant",
            &["CREATE ROLE $p_keeper", "ALTER TABLE plan_step OWNER TO $p_keeper", "GRANT $p_keeper TO $p_tenant"],
        ),
        Case::new(RoleBecomesOwner, "the definer role", "role $p_login", &["GRANT $p_gate TO $p_login"]),
        Case::new(RoleReadsAll, "a membership", "role $p_identity", &["GRANT pg_read_all_data TO $p_identity"]),
        Case::new(
            RoleReadsAll,
            "a membership of a membership",
            "role $p_login",
            &["CREATE ROLE $p_ops", "GRANT pg_monitor TO $p_ops", "GRANT $p_ops TO $p_login"],
        ),
        Case::new(
            MembershipAdminOption,
            "a grant",
            "role $p_login",
            &["GRANT $p_tenant TO $p_login WITH ADMIN OPTION"],
        ),
        Case::new(
            RoleOwnsObject,
            "a table",
            "role $p_tenant",
            &["CREATE TABLE thing ()", "ALTER TABLE thing OWNER TO $p_tenant"],
        ),
        Case::new(
            RoleOwnsObject,
            "a function",
            "role $p_user",
            &[
                "CREATE FUNCTION thing(a int, \"B c\" text) RETURNS int RETURN 1",
                "ALTER FUNCTION thing OWNER TO $p_user",
            ],
        ),
        Case::new(RoleOwnsObject, "a schema", "role $p_login", &["CREATE SCHEMA \"of login\" AUTHORIZATION $p_login"]),
        Case::new(
            RoleReachesRows,
            "a role with a policy of its own",
            "role $p_login",
            &[
                "CREATE ROLE $p_helpers",
                "GRANT $p_helpers TO $p_login",
                "GRANT SELECT (title) ON research_plan TO $p_helpers",
                "CREATE POLICY helpers ON research_plan FOR SELECT TO $p_helpers USING (true)",
            ],
        ),
        Case::new(RoleReachesRows, "another scope role", "role $p_tenant", &["GRANT $p_user TO $p_tenant"]),
        Case::new(DefinerRoleChanged, "an attribute", "role $p_gate", &["ALTER ROLE $p_gate BYPASSRLS"]),
        Case::new(DefinerRoleChanged, "it can log in", "role $p_gate", &["ALTER ROLE $p_gate LOGIN"]),
        Case::new(
            DefinerRoleChanged,
            "somebody can become it",
            "role $p_gate",
            &["CREATE ROLE $p_reporting", "GRANT $p_gate TO $p_reporting"],
        ),
        Case::new(
            DefinerRoleChanged,
            "it owns a table",
            "role $p_gate",
            &["ALTER TABLE research_plan OWNER TO $p_gate"],
        ),
        Case::new(ScopeRoleLogsIn, "an attribute", "role $p_identity", &["ALTER ROLE $p_identity LOGIN"]),
        Case::new(
            SettingFixed,
            "a tenant, for the role",
            "role $p_login",
            &["ALTER ROLE $p_login SET $p.organization_id = '00000000-0000-0000-0000-000000000000'"],
        ),
        Case::new(
            SettingFixed,
            "the role, for the role in the database",
            "role $p_login",
            &["ALTER ROLE $p_login IN DATABASE $p SET role = '$p_tenant'"],
        ),
        Case::new(
            SettingFixed,
            "a tenant, in capital letters",
            "role $p_tenant",
            &["ALTER ROLE $p_tenant SET \"$P.Organization_Id\" = '00000000-0000-0000-0000-000000000000'"],
        ),
        Case::new(
            SettingFixed,
            "whether triggers fire",
            "role $p_login",
            &["ALTER ROLE $p_login SET session_replication_role = replica"],
        ),
        Case::new(
            SettingFixed,
            "row-level security, for the database",
            "database $p",
            &["ALTER DATABASE $p SET row_security = off"],
        ),
    ]);
    cases
}
