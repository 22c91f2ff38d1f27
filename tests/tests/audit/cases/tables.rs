//! Row-level security, scope columns and grants of tables.

use db::audit::Code;

use super::Case;

#[expect(clippy::too_many_lines, reason = "a list")]
pub(super) fn cases() -> Vec<Case> {
    use Code::{
        GrantToPublic, GrantUnfiltered, PoliciesWithoutRls, RlsWithoutPolicies, RuleOnTable, ScopeColumnNullable,
        ScopeColumnType, ScopeColumnWithoutIndex, TableRlsNotForced, TableWithoutEntity, TableWithoutRls,
        TriggerBypassesRls, TriggerDisabled, TriggerRunsAsOwner,
    };
    const PLAIN: &str =
        "CREATE TABLE plain (organization_id uuid NOT NULL, id uuid, PRIMARY KEY (organization_id, id))";
    vec![
        Case::new(
            TableWithoutRls,
            "an entity's, with neither",
            "table public.verification",
            &[
                "DROP POLICY identity_boundary ON verification",
                "DROP POLICY identity_access ON verification",
                "ALTER TABLE verification DISABLE ROW LEVEL SECURITY",
            ],
        ),
        Case::new(
            TableWithoutRls,
            "a table of no entity",
            "table public.plain",
            &["GRANT SELECT ON plain TO $p_tenant"],
        )
        .given(&[PLAIN])
        .accept(TableWithoutEntity, "public.plain"),
        Case::new(
            TableWithoutRls,
            "a partition, by its own name",
            "table public.plain_1",
            &["GRANT SELECT ON plain_1 TO $p_tenant"],
        )
        .given(&[
            "CREATE TABLE plain (organization_id uuid NOT NULL, id uuid, PRIMARY KEY (organization_id, id))
             PARTITION BY HASH (organization_id)",
            "CREATE TABLE plain_1 PARTITION OF plain FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
        ])
        .accept(TableWithoutEntity, "public.plain"),
        Case::new(
            TableWithoutRls,
            "a table that it inherits from, by its own name",
            "table public.titled",
            &[
                "CREATE TABLE titled (title text NOT NULL)",
                "ALTER TABLE research_plan INHERIT titled",
                "GRANT SELECT ON titled TO $p_tenant",
            ],
        ),
        Case::new(
            RuleOnTable,
            "a further statement",
            "object also of public.research_plan",
            &["CREATE RULE also AS ON INSERT TO research_plan DO ALSO SELECT title FROM research_plan"],
        )
        .without_repair(),
        Case::new(TriggerDisabled, "all", "table public.plan_step", &["ALTER TABLE plan_step DISABLE TRIGGER ALL"]),
        Case::new(
            TriggerDisabled,
            "one of the contract's",
            "table public.member",
            &["ALTER TABLE member DISABLE TRIGGER keep_an_owner"],
        ),
        Case::new(
            TriggerBypassesRls,
            "its owner is a superuser",
            "object look of public.research_plan",
            &[
                "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
                 SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NEW; END'",
                "CREATE TRIGGER look BEFORE INSERT ON research_plan FOR EACH ROW EXECUTE FUNCTION look()",
            ],
        )
        .without_repair(),
        Case::new(
            TriggerRunsAsOwner,
            "its owner is restricted by policies",
            "object look of public.research_plan",
            &[
                "CREATE ROLE $p_keeper",
                "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
                 SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NEW; END'",
                "CREATE TRIGGER look BEFORE INSERT ON research_plan FOR EACH ROW EXECUTE FUNCTION look()",
                "ALTER FUNCTION look OWNER TO $p_keeper",
            ],
        )
        .without_repair(),
        Case::new(
            PoliciesWithoutRls,
            "switched off",
            "table public.research_plan",
            &["ALTER TABLE research_plan DISABLE ROW LEVEL SECURITY"],
        ),
        Case::new(
            PoliciesWithoutRls,
            "never switched on, on a table that is nobody's",
            "table public.plain",
            &["CREATE POLICY own ON plain USING (true)"],
        )
        .without_repair()
        .given(&["CREATE TABLE plain ()"]),
        Case::new(
            TableRlsNotForced,
            "an entity's",
            "table public.plan_step",
            &["ALTER TABLE plan_step NO FORCE ROW LEVEL SECURITY"],
        ),
        Case::new(
            RlsWithoutPolicies,
            "on a table that is nobody's",
            "table public.plain",
            &[
                "CREATE TABLE plain ()",
                "ALTER TABLE plain ENABLE ROW LEVEL SECURITY",
                "GRANT SELECT ON plain TO $p_user",
            ],
        ),
        Case::new(
            ScopeColumnNullable,
            "NOT NULL was dropped",
            "column organization_id of public.invitation",
            &["ALTER TABLE invitation ALTER COLUMN organization_id DROP NOT NULL"],
        ),
        Case::new(
            ScopeColumnType,
            "text",
            "column organization_id of public.note",
            &[
                "DROP POLICY tenant_boundary ON note",
                "DROP POLICY tenant_access ON note",
                "ALTER TABLE note ALTER COLUMN organization_id TYPE text",
                "CREATE POLICY tenant_boundary ON note AS RESTRICTIVE TO $p_tenant
                 USING (organization_id = $p.current_organization_id()::text)",
            ],
        )
        .without_repair()
        .with_note(),
        Case::new(
            GrantUnfiltered,
            "TRUNCATE",
            "table public.research_plan",
            &["GRANT TRUNCATE ON research_plan TO $p_tenant"],
        ),
        Case::new(
            GrantUnfiltered,
            "REFERENCES, by column, and TRIGGER",
            "table public.member",
            &["GRANT REFERENCES (id) ON member TO $p_user", "GRANT TRIGGER ON member TO $p_user"],
        ),
        Case::new(GrantUnfiltered, "MAINTAIN", "table public.member", &["GRANT MAINTAIN ON member TO $p_user"])
            .since(17),
        Case::new(
            GrantToPublic,
            "an entity's",
            "table public.organization",
            &["GRANT SELECT ON organization TO PUBLIC"],
        ),
        Case::new(
            GrantToPublic,
            "a table that is nobody's",
            "table public.plain",
            &["CREATE TABLE plain ()", "GRANT ALL ON plain TO PUBLIC"],
        ),
        Case::new(
            GrantToPublic,
            "one column",
            "table public.account",
            &["GRANT SELECT (password) ON account TO PUBLIC"],
        ),
        Case::new(
            ScopeColumnWithoutIndex,
            "dropped",
            "column organization_id of public.invitation",
            &["ALTER TABLE invitation DROP CONSTRAINT invitation_organization_id_id_key"],
        ),
        Case::new(
            ScopeColumnWithoutIndex,
            "a partial one alone",
            "column user_id of public.account",
            &["DROP INDEX account_by_user", "CREATE INDEX ON account (user_id) WHERE password IS NOT NULL"],
        ),
    ]
}
