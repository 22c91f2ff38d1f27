//! Rights beyond the tables of the database: of extensions, of PostgreSQL itself, servers, settings, large objects.

use db::audit::Code;

use super::Case;

#[expect(clippy::too_many_lines, reason = "a list")]
pub(super) fn cases() -> Vec<Case> {
    use Code::{
        DefaultPrivileges, DefinerBypassesRls, DefinerUnknown, ExtensionReachable, ExtensionWritable,
        FunctionReachesOut, GrantBeyondTables, MatviewReachable, MembershipAdminOption, RoleBecomesOwner, RoleReadsAll,
        SettingFixed, SystemRelationGranted, TableShared, ViewBypassesRls, ViewRunsAsOwner,
    };
    // An extension's own relations are those that it made; to adopt one makes it the extension's as well.
    const PLACES: [&str; 2] =
        ["CREATE TABLE places (srid int PRIMARY KEY)", "ALTER EXTENSION plpgsql ADD TABLE places"];
    vec![
        Case::new(ExtensionReachable, "to everybody", "object plpgsql", &["GRANT SELECT ON places TO PUBLIC"])
            .given(&PLACES),
        Case::new(ExtensionReachable, "a column", "object plpgsql", &["GRANT SELECT (srid) ON places TO $p_user"])
            .given(&PLACES),
        Case::new(ExtensionWritable, "to a scope role", "object plpgsql", &["GRANT INSERT ON places TO $p_tenant"])
            .given(&PLACES),
        Case::new(
            DefinerUnknown,
            "an extension's",
            "function public.helps()",
            &[
                "CREATE ROLE $p_keeper",
                "CREATE FUNCTION helps() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
                 RETURN 1",
                "ALTER FUNCTION helps OWNER TO $p_keeper",
                "ALTER EXTENSION plpgsql ADD FUNCTION helps()",
            ],
        ),
        Case::new(
            DefinerBypassesRls,
            "in PostgreSQL's own schema",
            "function helps()",
            &["CREATE FUNCTION pg_catalog.helps() RETURNS bigint LANGUAGE sql SECURITY DEFINER
               SET search_path = pg_catalog RETURN (SELECT count(*) FROM public.research_plan)"],
        ),
        Case::new(
            DefinerBypassesRls,
            "by an aggregate, which asks its owner for the right",
            "function public.titles(text)",
            &["CREATE AGGREGATE titles(text) (SFUNC = helps, STYPE = text)"],
        )
        .given(&[
            "CREATE FUNCTION helps(text, text) RETURNS text LANGUAGE sql SECURITY DEFINER
             SET search_path = pg_catalog RETURN (SELECT string_agg(title, ',') FROM public.research_plan)",
            "REVOKE EXECUTE ON FUNCTION helps FROM PUBLIC",
        ]),
        Case::new(
            SystemRelationGranted,
            "what the planner knows of values",
            "table pg_catalog.pg_statistic",
            &["GRANT SELECT ON pg_statistic TO $p_tenant"],
        ),
        Case::new(
            SystemRelationGranted,
            "a column, to everybody",
            "table pg_catalog.pg_authid",
            &["GRANT SELECT (rolpassword) ON pg_authid TO PUBLIC"],
        ),
        Case::new(
            FunctionReachesOut,
            "what PostgreSQL keeps from everybody",
            "function pg_ls_waldir()",
            &["GRANT EXECUTE ON FUNCTION pg_ls_waldir TO $p_identity"],
        ),
        Case::new(
            FunctionReachesOut,
            "PostgreSQL's own under another name",
            "function public.configure(text,text,boolean)",
            &["CREATE FUNCTION configure(text, text, boolean) RETURNS text LANGUAGE internal AS 'set_config_by_name'"],
        ),
        Case::new(
            GrantBeyondTables,
            "a foreign server",
            "object server elsewhere",
            &["GRANT USAGE ON FOREIGN SERVER elsewhere TO $p_tenant"],
        )
        .given(&["CREATE FOREIGN DATA WRAPPER elsewhere", "CREATE SERVER elsewhere FOREIGN DATA WRAPPER elsewhere"]),
        Case::new(
            GrantBeyondTables,
            "a large object, to everybody",
            "object large object 4711",
            &["GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC"],
        )
        .given(&["SELECT lo_create(4711)"]),
        Case::new(
            GrantBeyondTables,
            "a setting of the server",
            "object parameter session_replication_role",
            &["GRANT SET ON PARAMETER session_replication_role TO $p_tenant"],
        ),
        Case::new(
            DefaultPrivileges,
            "to a role that a context can become",
            "role $p_ops",
            &[
                "CREATE ROLE $p_ops",
                "GRANT $p_ops TO $p_tenant",
                "CREATE ROLE $p_keeper",
                "ALTER DEFAULT PRIVILEGES FOR ROLE $p_keeper GRANT SELECT ON TABLES TO $p_ops",
            ],
        ),
        Case::new(
            RoleBecomesOwner,
            "the owner of a table that no entity declares",
            "role $p_tenant",
            &[
                "CREATE ROLE $p_keeper",
                "CREATE TABLE thing ()",
                "ALTER TABLE thing OWNER TO $p_keeper",
                "GRANT $p_keeper TO $p_tenant",
            ],
        ),
        Case::new(
            RoleBecomesOwner,
            "the owner of a schema",
            "role $p_user",
            &["CREATE ROLE $p_keeper", "CREATE SCHEMA kept AUTHORIZATION $p_keeper", "GRANT $p_keeper TO $p_user"],
        ),
        Case::new(RoleReadsAll, "any of PostgreSQL's own", "role $p_tenant", &["GRANT pg_signal_backend TO $p_tenant"]),
        Case::new(
            MembershipAdminOption,
            "by a role that it can become",
            "role $p_user",
            &[
                "CREATE ROLE $p_ops",
                "GRANT $p_ops TO $p_user",
                "CREATE ROLE $p_keeper",
                "GRANT $p_keeper TO $p_ops WITH ADMIN OPTION",
            ],
        ),
        Case::new(
            SettingFixed,
            "who may read large objects",
            "role $p_login",
            &["ALTER ROLE $p_login SET lo_compat_privileges = on"],
        ),
        Case::new(
            ViewBypassesRls,
            "over nothing that is scoped",
            "view public.values_of_all",
            &[
                "CREATE VIEW values_of_all AS SELECT stavalues1::text FROM pg_statistic",
                "GRANT SELECT ON values_of_all TO $p_tenant",
            ],
        ),
        Case::new(
            ViewBypassesRls,
            "over a table that no entity declares, and its owner is no superuser",
            "view public.bodies",
            &["GRANT SELECT ON bodies TO $p_tenant"],
        )
        .given(&[
            "CREATE TABLE remark (id bigint, plan_id uuid, organization uuid, body text,
             FOREIGN KEY (organization, plan_id) REFERENCES research_plan (organization_id, id))",
            "CREATE ROLE $p_keeper",
            "CREATE VIEW bodies AS SELECT body FROM remark",
            "ALTER VIEW bodies OWNER TO $p_keeper",
        ]),
        Case::new(
            ViewRunsAsOwner,
            "over what all may read",
            "view public.codes",
            &["GRANT SELECT ON codes TO $p_tenant"],
        )
        .given(&[
            "CREATE TABLE country (code text)",
            "CREATE ROLE $p_keeper",
            "CREATE VIEW codes AS SELECT code FROM country",
            "ALTER VIEW codes OWNER TO $p_keeper",
        ]),
        Case::new(
            MatviewReachable,
            "of rows that are nobody's",
            "view public.codes",
            &["GRANT SELECT ON codes TO $p_tenant"],
        )
        .given(&["CREATE TABLE country (code text)", "CREATE MATERIALIZED VIEW codes AS SELECT code FROM country"]),
        Case::new(
            TableShared,
            "in the contract's schema",
            "table $p.extra",
            &["GRANT SELECT ON $p.extra TO $p_tenant"],
        )
        .given(&["CREATE TABLE $p.extra (a int)"]),
    ]
}
