//! Functions that the login role or a scope role may execute.

use db::audit::{Code, Severity};

use super::Case;

#[expect(clippy::too_many_lines, reason = "a list")]
pub(super) fn cases() -> Vec<Case> {
    use Code::{
        ContractFunctionChanged, DefinerBypassesRls, DefinerSearchPath, DefinerUnknown, FunctionLeakproof,
        FunctionReachesOut, SealExposed, SetConfigExecutable,
    };
    const SAFE: &str = "CREATE FUNCTION count_plans() RETURNS bigint LANGUAGE sql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp RETURN (SELECT count(*) FROM public.research_plan)";
    vec![
        Case::new(DefinerBypassesRls, "its owner is a superuser", "function public.count_plans()", &[SAFE]),
        Case::new(
            DefinerUnknown,
            "its owner is restricted by policies",
            "function public.count_plans()",
            &[
                "CREATE ROLE $p_keeper",
                SAFE,
                "ALTER FUNCTION count_plans OWNER TO $p_keeper",
                "REVOKE ALL ON FUNCTION count_plans FROM PUBLIC",
                "GRANT EXECUTE ON FUNCTION count_plans TO $p_user",
            ],
        ),
        Case::new(
            DefinerSearchPath,
            "one of the application's",
            "function public.count_plans()",
            &[SAFE, "ALTER FUNCTION count_plans RESET ALL"],
        ),
        Case::new(
            DefinerSearchPath,
            "one of the contract's",
            "function $p.enter_user(uuid)",
            &["ALTER FUNCTION $p.enter_user RESET ALL"],
        ),
        Case::new(
            FunctionLeakproof,
            "an attribute",
            "function public.lower_of(text)",
            &["CREATE FUNCTION lower_of(text) RETURNS text IMMUTABLE LEAKPROOF RETURN lower($1)"],
        ),
        Case::new(
            SetConfigExecutable,
            "to everybody",
            "function set_config",
            &["GRANT EXECUTE ON FUNCTION set_config TO PUBLIC", "GRANT EXECUTE ON FUNCTION lo_create TO PUBLIC"],
        ),
        Case::new(
            SetConfigExecutable,
            "to a scope role",
            "function set_config",
            &["GRANT EXECUTE ON FUNCTION set_config TO $p_tenant"],
        ),
        Case::new(
            FunctionReachesOut,
            "reads files",
            "function pg_read_file(text)",
            &["GRANT EXECUTE ON FUNCTION pg_read_file(text) TO $p_tenant"],
        ),
        Case::new(
            FunctionReachesOut,
            "another database",
            "function public.dblink(text)",
            &["CREATE FUNCTION dblink(text) RETURNS text LANGUAGE sql RETURN $1"],
        ),
        Case::new(
            FunctionReachesOut,
            "writes large objects",
            "function lo_create(oid)",
            &["GRANT EXECUTE ON FUNCTION lo_create TO PUBLIC"],
        )
        .severity(Severity::Warn),
        Case::new(SealExposed, "to a scope role", "table $p.seal", &["GRANT SELECT ON $p.seal TO $p_tenant"]),
        Case::new(SealExposed, "to the login role", "table $p.seal", &["GRANT SELECT ON $p.seal TO $p_login"]),
        Case::new(
            SealExposed,
            "to everybody, by column",
            "table $p.seal",
            &["GRANT SELECT (is_never) ON $p.seal TO PUBLIC"],
        ),
        Case::new(
            SealExposed,
            "to a role that no context can be",
            "table $p.seal",
            &["CREATE ROLE $p_keeper", "GRANT SELECT ON $p.seal TO $p_keeper"],
        ),
        Case::new(
            ContractFunctionChanged,
            "what the policies ask of the seal, answered from a setting",
            "function $p.sealed_organization_id()",
            &["CREATE OR REPLACE FUNCTION $p.sealed_organization_id() RETURNS uuid LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
               AS 'BEGIN RETURN pg_catalog.current_setting(''$p.organization_id''); END'"],
        ),
        Case::new(
            ContractFunctionChanged,
            "what the triggers ask of the seal, about any cursor",
            "function $p.sealed_member_role()",
            &["DO $$ DECLARE body text := (SELECT prosrc FROM pg_proc WHERE oid = '$p.sealed_member_role()'::regprocedure); BEGIN
                 body := replace(body, 'AND NOT c.is_holdable', 'OR true');
                 EXECUTE 'CREATE OR REPLACE FUNCTION $p.sealed_member_role() RETURNS text LANGUAGE plpgsql STABLE
                   PARALLEL RESTRICTED AS ' || quote_literal(body);
               END $$"],
        ),
        Case::new(
            ContractFunctionChanged,
            "a comment that ends in code",
            "function $p.keep_an_owner()",
            &["DO $$ DECLARE body text := (SELECT prosrc FROM pg_proc WHERE oid = '$p.keep_an_owner()'::regprocedure); BEGIN
                 body := replace(body, '-- Where the', E'-- Where the \"\n RETURN NULL; -- \"');
                 EXECUTE 'CREATE OR REPLACE FUNCTION $p.keep_an_owner() RETURNS trigger LANGUAGE plpgsql
                   SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS ' || quote_literal(body);
               END $$"],
        ),
        Case::new(
            DefinerUnknown,
            "left by a contract that sealed with a secret",
            "function $p.context_is_genuine()",
            &[
                "CREATE FUNCTION $p.context_is_genuine() RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER
                 SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN true; END'",
                "ALTER FUNCTION $p.context_is_genuine OWNER TO $p_gate",
            ],
        ),
        Case::new(
            ContractFunctionChanged,
            "everybody may execute it",
            "function $p.enter_tenant_as_system(uuid)",
            &["GRANT EXECUTE ON FUNCTION $p.enter_tenant_as_system TO PUBLIC"],
        ),
        Case::new(
            ContractFunctionChanged,
            "a scope role may execute it",
            "function $p.enter_user(uuid)",
            &["GRANT EXECUTE ON FUNCTION $p.enter_user TO $p_tenant"],
        ),
        Case::new(
            DefinerBypassesRls,
            "one of the contract's names, with other arguments",
            "function $p.enter_user(text)",
            &["CREATE FUNCTION $p.enter_user(t text) RETURNS SETOF research_plan LANGUAGE sql SECURITY DEFINER
               SET search_path = pg_catalog, pg_temp AS 'SELECT * FROM public.research_plan'"],
        ),
        Case::new(
            DefinerBypassesRls,
            "a procedure",
            "function public.proceed()",
            &["CREATE PROCEDURE proceed() LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
               BEGIN ATOMIC DELETE FROM public.research_plan; END"],
        ),
        Case::new(
            DefinerSearchPath,
            "one of the contract's, with another path",
            "function $p.enter_tenant(uuid,uuid)",
            &["ALTER FUNCTION $p.enter_tenant SET search_path = public, pg_temp, pg_catalog"],
        ),
        Case::new(
            ContractFunctionChanged,
            "another body",
            "function $p.enter_user(uuid)",
            &["CREATE OR REPLACE FUNCTION $p.enter_user(person uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
               SET search_path = pg_catalog, pg_temp AS 'BEGIN END'"],
        ),
        Case::new(
            ContractFunctionChanged,
            "another expression",
            "function $p.in_identity_context()",
            &["CREATE OR REPLACE FUNCTION $p.in_identity_context() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
               RETURN true"],
        ),
        Case::new(
            ContractFunctionChanged,
            "a setting of its own, by which it answers for another tenant",
            "function $p.current_organization_id()",
            &["ALTER FUNCTION $p.current_organization_id()
               SET $p.organization_id = '00000000-0000-0000-0000-000000000000'"],
        ),
        Case::new(
            ContractFunctionChanged,
            "another owner",
            "function $p.enter_tenant(uuid,uuid)",
            &["ALTER FUNCTION $p.enter_tenant(uuid, uuid) OWNER TO CURRENT_USER"],
        ),
        Case::new(
            ContractFunctionChanged,
            "it runs as its caller",
            "function $p.keep_an_owner()",
            &["ALTER FUNCTION $p.keep_an_owner() SECURITY INVOKER"],
        ),
    ]
}
