//! What the code believes and the database has not, and the other way round.

use db::audit::Code;

use super::Case;
use crate::note::{Note, application};

#[expect(clippy::too_many_lines, reason = "a list")]
pub(super) fn cases() -> Vec<Case> {
    use Code::{
        ContractMissing, EntityColumnMissing, EntityPolicyMissing, EntityTableMissing, GrantMissing, GrantUndeclared,
        PolicyUndeclaredScope, TableShadowed, TableWithoutEntity,
    };
    vec![
        Case::new(
            ContractMissing,
            "a role",
            "role $p_identity",
            &["DROP OWNED BY $p_identity", "DROP ROLE $p_identity"],
        ),
        Case::new(
            ContractMissing,
            "a function",
            "function $p.authenticate_token(bytea)",
            &["DROP FUNCTION $p.authenticate_token"],
        ),
        Case::new(
            ContractMissing,
            "a right to a function",
            "function $p.sealed_organization_id()",
            &["REVOKE EXECUTE ON FUNCTION $p.sealed_organization_id FROM $p_tenant"],
        ),
        Case::new(
            ContractMissing,
            "a right of the definer role to a function",
            "function $p.sealed_member_id()",
            &["REVOKE EXECUTE ON FUNCTION $p.sealed_member_id FROM $p_gate"],
        ),
        Case::new(ContractMissing, "a membership", "role $p_login", &["REVOKE $p_tenant FROM $p_login"]),
        Case::new(ContractMissing, "the use of the schema", "schema $p", &["REVOKE USAGE ON SCHEMA $p FROM $p_tenant"]),
        Case::new(
            ContractMissing,
            "a policy of the definer role",
            "object policy gate_membership of public.member",
            &["DROP POLICY gate_membership ON member"],
        ),
        Case::new(
            ContractMissing,
            "a trigger",
            "object trigger keep_an_owner of public.member",
            &["DROP TRIGGER keep_an_owner ON member"],
        ),
        Case::new(
            ContractMissing,
            "the function that triggers ask of the seal",
            "function $p.sealed_member_role()",
            &["DROP FUNCTION $p.sealed_member_role"],
        ),
        Case::new(ContractMissing, "the view of the seal", "table $p.seal", &["DROP VIEW $p.seal"]),
        Case::new(
            ContractMissing,
            "the view of the seal is a table",
            "table $p.seal",
            &["DROP VIEW $p.seal", "CREATE TABLE $p.seal (is_never boolean)", "ALTER TABLE $p.seal OWNER TO $p_gate"],
        ),
        Case::new(
            ContractMissing,
            "the view of the seal is a partitioned table",
            "table $p.seal",
            &[
                "DROP VIEW $p.seal",
                "CREATE TABLE $p.seal (is_never boolean) PARTITION BY LIST (is_never)",
                "ALTER TABLE $p.seal OWNER TO $p_gate",
            ],
        ),
        Case::new(
            ContractMissing,
            "the view of the seal is another's",
            "table $p.seal",
            &["CREATE ROLE $p_keeper", "ALTER TABLE $p.seal OWNER TO $p_keeper"],
        ),
        Case::new(
            ContractMissing,
            "the view of the seal is another's, and contexts open",
            "table $p.seal",
            &["CREATE ROLE $p_keeper", "ALTER TABLE $p.seal OWNER TO $p_keeper", "GRANT SELECT ON $p.seal TO $p_gate"],
        ),
        Case::new(
            ContractMissing,
            "the definer role may not read the view of the seal",
            "table $p.seal",
            &["REVOKE SELECT ON $p.seal FROM $p_gate"],
        ),
        Case::new(
            EntityTableMissing,
            "moved out of the search path",
            "table research_plan",
            &["CREATE SCHEMA crm", "ALTER TABLE research_plan SET SCHEMA crm"],
        )
        .without_repair(),
        Case::new(
            TableShadowed,
            "in the schema of a role's name",
            "table public.organization",
            &[
                "CREATE SCHEMA $p_tenant",
                "CREATE VIEW $p_tenant.organization WITH (security_invoker) AS SELECT 1 AS id",
            ],
        )
        .without_repair(),
        Case::new(
            TableWithoutEntity,
            "the tenant by another name",
            "table public.invoice",
            &["CREATE TABLE invoice (id bigint PRIMARY KEY, org uuid NOT NULL REFERENCES organization)"],
        )
        .without_repair(),
        Case {
            registry: application().with::<Note>(),
            ..Case::new(EntityTableMissing, "never made", "table note", &["DROP TABLE note"])
        }
        .with_table_of_note(),
        Case::new(EntityColumnMissing, "dropped", "column body of public.note", &["ALTER TABLE note DROP COLUMN body"])
            .without_repair()
            .with_note(),
        Case::new(
            EntityPolicyMissing,
            "one",
            "policy tenant_access of public.research_plan",
            &["DROP POLICY tenant_access ON research_plan"],
        ),
        Case::new(
            EntityPolicyMissing,
            "who may write",
            "policy tenant_delete of public.member",
            &["DROP POLICY tenant_delete ON member"],
        ),
        Case::new(
            EntityPolicyMissing,
            "all",
            "table public.plan_step",
            &["DROP POLICY tenant_access ON plan_step", "DROP POLICY tenant_boundary ON plan_step"],
        ),
        Case::new(
            PolicyUndeclaredScope,
            "a further one",
            "policy extra of public.research_plan",
            &["CREATE POLICY extra ON research_plan TO $p_user USING (created_by = $p.current_user_id())"],
        ),
        Case::new(
            GrantUndeclared,
            "the scope column",
            "table public.research_plan",
            &["GRANT UPDATE (organization_id) ON research_plan TO $p_tenant"],
        ),
        Case::new(
            GrantUndeclared,
            "the whole row",
            "table public.research_plan",
            &["GRANT UPDATE ON research_plan TO $p_tenant"],
        ),
        Case::new(
            GrantUndeclared,
            "a verb",
            "table public.organization",
            &["GRANT DELETE ON organization TO $p_tenant"],
        ),
        Case::new(
            GrantUndeclared,
            "a column that the scope does not read",
            "table public.account",
            &["GRANT SELECT (password) ON account TO $p_user"],
        ),
        Case::new(
            GrantUndeclared,
            "a scope that it is not in",
            "table public.research_plan",
            &["GRANT SELECT ON research_plan TO $p_identity"],
        ),
        Case::new(
            GrantMissing,
            "a verb",
            "table public.research_plan",
            &["REVOKE DELETE ON research_plan FROM $p_tenant"],
        ),
        Case::new(
            GrantMissing,
            "a column",
            "table public.research_plan",
            &["REVOKE UPDATE (title) ON research_plan FROM $p_tenant"],
        ),
    ]
}
