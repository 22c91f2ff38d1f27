//! What the code believes and the database has not, and the other way round.

use db::audit::Code;

use super::Case;
use crate::note::{Note, application};

pub(super) fn cases() -> Vec<Case> {
    use Code::{
        ContractMissing, EntityColumnMissing, EntityPolicyMissing, EntityTableMissing, GrantMissing, GrantUndeclared,
        PolicyUndeclaredScope,
    };
    vec![
        Case::new(ContractMissing, "a role", "role $p_identity", &["ALTER ROLE $p_identity RENAME TO $p_idle"]),
        Case::new(
            ContractMissing,
            "a function",
            "function $p.authenticate_token",
            &["DROP FUNCTION $p.authenticate_token"],
        ),
        Case {
            registry: application().with::<Note>(),
            ..Case::new(EntityTableMissing, "never made", "table note", &["DROP TABLE note"])
        }
        .with_table_of_note(),
        Case::new(EntityColumnMissing, "dropped", "column body of public.note", &["ALTER TABLE note DROP COLUMN body"])
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
