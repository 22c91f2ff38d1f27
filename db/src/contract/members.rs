//! Members: who may see every membership, what a role lets a member do, and that an organization keeps an owner.

use super::{Contract, entity::use_schema_of, literal, qualified};
use crate::{
    ScopeKind,
    error::{LAST_OWNER, MEMBER_ROLE},
    options::quote,
};

impl Contract {
    /// What the policies on writes ask of the member for whom the context was opened. The system, which is nobody,
    /// may do what any member may; it is told by the user that is not set, so that no role's name can be mistaken for
    /// it.
    ///
    /// They read the settings at each row, so each time they ask whether those are what was sealed: a statement may
    /// have turned them meanwhile.
    pub(super) fn member_role_functions(&self) -> Vec<String> {
        let prefix = &self.prefix;
        let tenant = prefix.role(ScopeKind::Tenant);
        let own = format!("pg_catalog.current_setting('{prefix}.member_role')");
        let is_system = format!("pg_catalog.current_setting('{}') = ''", prefix.setting(ScopeKind::User));
        let genuine = format!("{prefix}.context_is_genuine()");
        let ranks: Vec<_> = self.membership.ranks.iter().map(|role| literal(role)).collect();
        let ranks = format!("ARRAY[{}]::text[]", ranks.join(", "));
        let require = format!("{prefix}.require_member_role(VARIADIC roles text[])");
        let rank = format!("{prefix}.ranks_member_role(role text)");
        let mut statements = vec![
            // It raises, as a policy that does not hold would say that there is no such row.
            format!(
                "CREATE OR REPLACE FUNCTION {require} RETURNS boolean LANGUAGE plpgsql STABLE \
                 PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $function$
                 BEGIN
                   IF NOT {genuine} THEN
                     RETURN false;
                   END IF;
                   IF {is_system} OR {own} = ANY (roles) THEN
                     RETURN true;
                   END IF;
                   RAISE EXCEPTION 'this takes a member whose role is %', pg_catalog.array_to_string(roles, ' or ')
                     USING ERRCODE = 'insufficient_privilege', CONSTRAINT = '{MEMBER_ROLE}';
                 END
                 $function$"
            ),
            // The first in the list ranks highest. A role that is not in it is nobody's to give or to take.
            format!(
                "CREATE OR REPLACE FUNCTION {rank} RETURNS boolean LANGUAGE sql STABLE PARALLEL RESTRICTED \
                 RETURN {genuine} AND ({is_system} OR COALESCE(pg_catalog.array_position({ranks}, {own}) \
                   <= pg_catalog.array_position({ranks}, role), false))"
            ),
        ];
        for function in [format!("{prefix}.require_member_role(text[])"), format!("{prefix}.ranks_member_role(text)")] {
            statements.push(format!("REVOKE ALL ON FUNCTION {function} FROM PUBLIC"));
            statements.push(format!("GRANT EXECUTE ON FUNCTION {function} TO {tenant}"));
        }
        statements
    }

    /// Lets the definer role, and nobody else, see every membership.
    pub(super) fn let_the_gate_read_members(&self) -> Vec<String> {
        let (table, gate) = (self.membership_table(), self.prefix.gate());
        let membership = &self.membership;
        let columns = [Some(&membership.organization), Some(&membership.user), membership.role.as_ref()];
        let columns: Vec<_> = columns.into_iter().flatten().map(|column| quote(column)).collect();
        vec![
            use_schema_of(&table, std::slice::from_ref(&gate)),
            format!("GRANT SELECT ({}) ON {table} TO {gate}", columns.join(", ")),
            format!("DROP POLICY IF EXISTS gate_membership ON {table}"),
            format!("CREATE POLICY gate_membership ON {table} AS PERMISSIVE FOR SELECT TO {gate} USING (true)"),
        ]
    }

    /// Lets the member for whom a context is open change memberships only while their own is as it was when it opened:
    /// or one whose demotion is under way would take it back, or hand the role on.
    ///
    /// What counts is what was sealed. The settings and the role of the moment can be turned by the very statement that
    /// sets this off, after the policies have looked at them. So it asks them nothing: who can open contexts, and
    /// whoever is in one, changes members in a context as it was opened, or not at all. Others have none, such as the
    /// table's owner, who could drop this as well.
    ///
    /// `BEFORE`, for the row that waits for the demotion: it is looked at once that is committed.
    pub(super) fn act_by_present_role(&self) -> Vec<String> {
        let membership = &self.membership;
        let Some(role) = &membership.role else { return Vec::new() };
        let (prefix, members, gate) = (&self.prefix, self.membership_table(), self.prefix.gate());
        let function = format!("{prefix}.act_by_present_role()");
        let (organization, user, role) = (quote(&membership.organization), quote(&membership.user), quote(role));
        let setting = |name: &str| format!("COALESCE(pg_catalog.current_setting('{name}', true), '')");
        let (person, was) = (setting(&prefix.setting(ScopeKind::User)), setting(&format!("{prefix}.member_role")));
        let roles = ScopeKind::ALL.map(|scope| format!("'{}'", prefix.role(scope))).join(", ");
        vec![
            self.become_gate(true),
            format!(
                "CREATE OR REPLACE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER \
                 SET search_path = pg_catalog, pg_temp AS $function$
                 BEGIN
                   IF NOT {is_open} AND (
                     pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER')
                     OR NOT EXISTS (SELECT FROM unnest(ARRAY[{roles}]) role WHERE pg_has_role(session_user, role, 'MEMBER'))
                   ) THEN
                     NULL;
                   ELSIF NOT ({is_sealed}) THEN
                     RAISE EXCEPTION 'the settings of the context have changed since it was opened'
                       USING ERRCODE = 'insufficient_privilege', CONSTRAINT = '{MEMBER_ROLE}';
                   -- Neither the system nor sign-in has a member.
                   ELSIF {person} <> '' AND NOT EXISTS (
                     SELECT FROM {members} m
                     WHERE m.{organization} = OLD.{organization} AND m.{user}::text = {person} AND m.{role}::text = {was}
                   ) THEN
                     {left}
                     RAISE EXCEPTION 'the member''s own role has changed since the context was opened'
                       USING ERRCODE = 'insufficient_privilege', CONSTRAINT = '{MEMBER_ROLE}';
                   END IF;
                   RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
                 END
                 $function$",
                is_open = self.context_is_open(),
                is_sealed = self.settings_are_sealed(),
                left = self.left_without_an_owner(&person),
            ),
            format!("REVOKE ALL ON FUNCTION {function} FROM PUBLIC"),
            format!("ALTER FUNCTION {function} OWNER TO {gate}"),
            // It is asked of whoever makes the trigger.
            format!("GRANT EXECUTE ON FUNCTION {function} TO CURRENT_USER"),
            self.become_gate(false),
            format!(
                "CREATE OR REPLACE TRIGGER act_by_present_role BEFORE UPDATE OF {role} OR DELETE ON {members} \
                 FOR EACH ROW EXECUTE FUNCTION {function}"
            ),
        ]
    }

    /// Of whoever deletes all members, the own membership may be the first to go. What is wrong is then not that they
    /// have none, but that nobody of the highest rank is left.
    fn left_without_an_owner(&self, person: &str) -> String {
        let membership = &self.membership;
        let (Some(role), Some(_), Some(top)) = (&membership.role, &membership.organizations, membership.ranks.first())
        else {
            return String::new();
        };
        let (members, top, role) = (self.membership_table(), literal(top), quote(role));
        let (organization, user) = (quote(&membership.organization), quote(&membership.user));
        format!(
            "IF TG_OP = 'DELETE' AND NOT EXISTS (
                       SELECT FROM {members} m
                       WHERE m.{organization} = OLD.{organization} AND (
                         m.{user}::text = {person} OR m.{role} = {top} AND m.{user} <> OLD.{user}
                       )
                     ) THEN
                       RAISE EXCEPTION 'the last member whose role is % stays', {top}
                         USING ERRCODE = 'restrict_violation', CONSTRAINT = '{LAST_OWNER}', TABLE = TG_TABLE_NAME;
                     END IF;"
        )
    }

    /// Keeps the last member of the highest rank in each organization, for as long as there is the organization.
    ///
    /// Two who remove each other at once have to meet in a row that both write: with a lock alone, or by looking at the
    /// memberships, each would see in a snapshot of its own that the other is still there. So the organization is
    /// touched: the second waits for the first, and then sees what it did, or at a higher isolation level is told to
    /// try again.
    pub(super) fn keep_an_owner(&self) -> Vec<String> {
        let membership = &self.membership;
        let (Some(role), Some((organizations, key)), Some(top)) =
            (&membership.role, &membership.organizations, membership.ranks.first())
        else {
            return Vec::new();
        };
        let (members, gate) = (self.membership_table(), self.prefix.gate());
        let (organizations, key) = (qualified(organizations), quote(key));
        let function = format!("{}.keep_an_owner()", self.prefix.schema());
        let (organization, role) = (quote(&membership.organization), quote(role));
        let top = literal(top);
        vec![
            use_schema_of(&organizations, std::slice::from_ref(&gate)),
            format!("GRANT SELECT ({key}), UPDATE (updated_at) ON {organizations} TO {gate}"),
            format!("DROP POLICY IF EXISTS gate_organization ON {organizations}"),
            format!("CREATE POLICY gate_organization ON {organizations} AS PERMISSIVE FOR SELECT TO {gate} USING (true)"),
            format!("DROP POLICY IF EXISTS gate_organization_touch ON {organizations}"),
            format!("CREATE POLICY gate_organization_touch ON {organizations} AS PERMISSIVE FOR UPDATE TO {gate} USING (true)"),
            self.become_gate(true),
            format!(
                "CREATE OR REPLACE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER \
                 SET search_path = pg_catalog, pg_temp AS $function$
                 BEGIN
                   IF OLD.{role} <> {top} OR TG_OP = 'UPDATE' AND NEW.{role} = {top} THEN
                     RETURN NULL;
                   END IF;
                   UPDATE {organizations} SET updated_at = pg_catalog.clock_timestamp() WHERE {key} = OLD.{organization};
                   -- Where the organization is gone, its members go with it.
                   IF FOUND AND NOT EXISTS (
                     SELECT FROM {members} m WHERE m.{organization} = OLD.{organization} AND m.{role} = {top}
                   ) THEN
                     RAISE EXCEPTION 'the last member whose role is % stays', {top}
                       USING ERRCODE = 'restrict_violation', CONSTRAINT = '{LAST_OWNER}', TABLE = TG_TABLE_NAME;
                   END IF;
                   RETURN NULL;
                 END
                 $function$"
            ),
            format!("REVOKE ALL ON FUNCTION {function} FROM PUBLIC"),
            format!("ALTER FUNCTION {function} OWNER TO {gate}"),
            // It is asked of whoever makes the trigger.
            format!("GRANT EXECUTE ON FUNCTION {function} TO CURRENT_USER"),
            self.become_gate(false),
            format!(
                "CREATE OR REPLACE TRIGGER keep_an_owner AFTER UPDATE OF {role} OR DELETE ON {members} \
                 FOR EACH ROW EXECUTE FUNCTION {function}"
            ),
        ]
    }

    pub(super) fn membership_table(&self) -> String {
        qualified(&self.membership.table)
    }
}
