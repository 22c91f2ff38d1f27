//! Policies, and the functions that they ask.

use db::audit::{Code, Severity};

use super::Case;

#[expect(clippy::too_many_lines, reason = "a list")]
pub(super) fn cases() -> Vec<Case> {
    use Code::{
        PolicyAlwaysTrue, PolicyCastsScopeColumn, PolicyFunctionNotInlinable, PolicyFunctionVolatility,
        PolicyInsertUnchecked, PolicyNotCanonical, PolicyToPublic, PolicyWithoutBoundary,
    };
    vec![
        Case::new(
            PolicyToPublic,
            "a permissive one",
            "policy extra of public.research_plan",
            &["CREATE POLICY extra ON research_plan USING (organization_id = $p.current_organization_id())"],
        ),
        Case::new(
            PolicyToPublic,
            "a restrictive one",
            "policy extra of public.research_plan",
            &["CREATE POLICY extra ON research_plan AS RESTRICTIVE USING (title <> '')"],
        ).without_repair(),
        Case::new(
            PolicyNotCanonical,
            "a further one, within the boundary",
            "policy extra of public.research_plan",
            &["CREATE POLICY extra ON research_plan TO $p_tenant USING (status = 'completed')"],
        )
        .severity(Severity::Warn),
        Case::new(
            PolicyNotCanonical,
            "its own access, within the boundary",
            "policy tenant_access of public.research_plan",
            &["ALTER POLICY tenant_access ON research_plan USING (organization_id IS NOT NULL)"],
        )
        .severity(Severity::Warn),
        Case::new(
            PolicyNotCanonical,
            "the boundary",
            "policy tenant_boundary of public.research_plan",
            &[
                "ALTER POLICY tenant_boundary ON research_plan USING (organization_id = $p.current_organization_id() OR true)",
            ],
        ),
        Case::new(
            PolicyNotCanonical,
            "the boundary does not ask for the seal",
            "policy tenant_boundary of public.research_plan",
            &["ALTER POLICY tenant_boundary ON research_plan USING (organization_id = $p.current_organization_id())"],
        ),
        Case::new(
            PolicyNotCanonical,
            "the boundary asks for the seal in vain",
            "policy user_boundary of public.session",
            &["ALTER POLICY user_boundary ON session USING (
               user_id = $p.current_user_id()
               AND (CASE WHEN user_id = (SELECT COALESCE($p.sealed_user_id(), $p.current_user_id())) THEN true END) IS NOT NULL)"],
        ),
        Case::new(
            PolicyNotCanonical,
            "the boundary asks the setting twice",
            "policy user_boundary of public.session",
            &["ALTER POLICY user_boundary ON session USING (
               user_id = $p.current_user_id()
               AND (CASE WHEN user_id = (SELECT $p.current_user_id()) THEN true END) IS NOT NULL)"],
        ),
        Case::new(
            PolicyNotCanonical,
            "the boundary in other brackets",
            "policy identity_boundary of public.verification",
            &["ALTER POLICY identity_boundary ON verification USING (
               ($p.in_identity_context() AND (SELECT true WHERE $p.in_identity_context() = $p.sealed_identity())) IS NOT NULL)"],
        ),
        Case::new(
            PolicyNotCanonical,
            "a lossy cast in the boundary",
            "policy tenant_boundary of public.plan_step",
            &["DO $$ DECLARE rows text := (SELECT replace(pg_get_expr(polqual, polrelid), 'organization_id = $p.current_organization_id()',
                 'organization_id::text::\"char\" = $p.current_organization_id()::text::\"char\"') FROM pg_policy
                 WHERE polrelid = 'plan_step'::regclass AND polname = 'tenant_boundary');
               BEGIN EXECUTE 'ALTER POLICY tenant_boundary ON plan_step USING (' || rows || ')'; END $$"],
        ),
        Case::new(
            PolicyNotCanonical,
            "what the boundary checks",
            "policy tenant_boundary of public.plan_step",
            &["ALTER POLICY tenant_boundary ON plan_step WITH CHECK (true)"],
        ),
        Case::new(
            PolicyNotCanonical,
            "who may write",
            "policy tenant_update of public.organization",
            &["ALTER POLICY tenant_update ON organization USING (id = $p.current_organization_id())"],
        ),
        Case::new(
            PolicyAlwaysTrue,
            "a further one",
            "policy lax of public.research_plan",
            &["CREATE POLICY lax ON research_plan FOR SELECT TO $p_tenant USING (true)"],
        ),
        Case::new(
            PolicyAlwaysTrue,
            "its own access",
            "policy user_access of public.session",
            &["ALTER POLICY user_access ON session USING (true)"],
        ),
        Case::new(
            PolicyInsertUnchecked,
            "a further one",
            "policy lax of public.research_plan",
            &["CREATE POLICY lax ON research_plan FOR INSERT TO $p_tenant"],
        ),
        Case::new(
            PolicyWithoutBoundary,
            "dropped",
            "table public.research_plan",
            &["DROP POLICY tenant_boundary ON research_plan"],
        ),
        Case::new(
            PolicyWithoutBoundary,
            "it is permissive",
            "table public.research_plan",
            &[
                "DROP POLICY tenant_boundary ON research_plan",
                "CREATE POLICY tenant_boundary ON research_plan TO $p_tenant USING (organization_id = $p.current_organization_id())",
            ],
        ),
        Case::new(
            PolicyFunctionVolatility,
            "VOLATILE",
            "function $p.current_organization_id()",
            &["ALTER FUNCTION $p.current_organization_id() VOLATILE"],
        ),
        Case::new(
            PolicyFunctionVolatility,
            "IMMUTABLE",
            "function $p.current_user_id()",
            &["ALTER FUNCTION $p.current_user_id() IMMUTABLE"],
        ),
        Case::new(
            PolicyFunctionVolatility,
            "VOLATILE, and asked once in a statement",
            "function $p.sealed_organization_id()",
            &["ALTER FUNCTION $p.sealed_organization_id() VOLATILE"],
        ),
        Case::new(
            PolicyFunctionVolatility,
            "IMMUTABLE, and asked by triggers alone",
            "function $p.sealed_member_role()",
            &["ALTER FUNCTION $p.sealed_member_role() IMMUTABLE"],
        ),
        Case::new(
            PolicyFunctionNotInlinable,
            "a setting of its own",
            "function $p.current_organization_id()",
            &["ALTER FUNCTION $p.current_organization_id() SET search_path = pg_catalog"],
        ),
        Case::new(
            PolicyFunctionNotInlinable,
            "strict",
            "function $p.current_user_id()",
            &["ALTER FUNCTION $p.current_user_id() STRICT"],
        ),
        Case::new(
            PolicyCastsScopeColumn,
            "a further one",
            "policy extra of public.research_plan",
            &["CREATE POLICY extra ON research_plan TO $p_tenant
               USING (organization_id::text = current_setting('$p.organization_id'))"],
        ),
    ]
}
