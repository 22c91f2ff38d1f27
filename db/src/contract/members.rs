//! Members: who may see every membership, what a role lets a member do, and that an organization keeps an owner.

use super::{
    Contract,
    function::{ACT_BY_PRESENT_ROLE, Body, Function, KEEP_AN_OWNER, RANKS_MEMBER_ROLE, REQUIRE_MEMBER_ROLE},
    named,
    on_tables::{self, OnTables},
    policy::texts,
    seal::{For, is_for},
};
use crate::{
    error::{LAST_OWNER, MEMBER_ROLE},
    scope::{KEY_TYPE, ScopeKind},
    sql::{literal, quote},
};

impl Contract {
    /// What the policies on writes ask of the member for whom the context was opened, as it was sealed. The system, which
    /// is nobody, may do what any member may.
    pub(super) fn member_role_functions(&self) -> [Function; 2] {
        let prefix = &self.prefix;
        let ranks = texts(&self.membership.ranks);
        let declare = format!(
            "DECLARE
                   seal CONSTANT pg_catalog.text := {};
                   own CONSTANT pg_catalog.text := {};",
            prefix.sealed(),
            prefix.sealed_role(),
        );
        let is_system = is_for(&[For::System]);
        // It raises, as a policy that does not hold would say that there is no such row.
        let require = format!(
            "
                 {declare}
                 BEGIN
                   IF {is_system} OR own OPERATOR(pg_catalog.=) ANY (roles) THEN
                     RETURN true;
                   ELSIF own IS NULL THEN
                     RETURN false;
                   END IF;
                   RAISE EXCEPTION 'this takes a member whose role is %', pg_catalog.array_to_string(roles, ' or ')
                     USING ERRCODE = 'insufficient_privilege', CONSTRAINT = '{MEMBER_ROLE}';
                 END
                 "
        );
        // The first in the list ranks highest. A role that is not in it is nobody's to give or to take.
        let ranks = format!(
            "
                 {declare}
                   ranks CONSTANT pg_catalog.text[] := {ranks};
                 BEGIN
                   RETURN COALESCE({is_system} OR pg_catalog.array_position(ranks, own)
                     OPERATOR(pg_catalog.<=) pg_catalog.array_position(ranks, role), false);
                 END
                 "
        );
        [
            Function::new(&REQUIRE_MEMBER_ROLE, "boolean", "STABLE PARALLEL RESTRICTED", Body::Block(require)),
            Function::new(&RANKS_MEMBER_ROLE, "boolean", "STABLE PARALLEL RESTRICTED", Body::Block(ranks)),
        ]
    }

    /// Returns what the contract makes on the membership table, and on that of the organizations: the definer role, and
    /// nobody else, sees every membership.
    pub(crate) fn on_membership(&self) -> OnTables {
        let (membership, members) = (&self.membership, named(&self.membership.table));
        let mut made = OnTables::default();
        let mut columns = vec![membership.organization.as_str(), &membership.user];
        columns.extend(membership.role.as_deref());
        made.need(&members, "SELECT", &columns);
        made.let_through(self, on_tables::MEMBERSHIP, "SELECT", &members);
        let Some(role) = &membership.role else { return made };
        let role = quote(role);
        if let Some(function) = self.act_by_present_role() {
            made.trigger(&members, format!("BEFORE UPDATE OF {role} OR DELETE"), function);
        }
        if let (Some(function), Some((organizations, key))) = (self.keep_an_owner(), &membership.organizations) {
            let organizations = named(organizations);
            made.need(&organizations, "SELECT", &[key]);
            made.need(&organizations, "UPDATE", &["updated_at"]);
            made.let_through(self, on_tables::ORGANIZATION, "SELECT", &organizations);
            made.let_through(self, on_tables::ORGANIZATION_TOUCH, "UPDATE", &organizations);
            made.trigger(&members, format!("AFTER UPDATE OF {role} OR DELETE"), function);
        }
        made
    }

    /// Lets the member for whom a context is open change memberships only while their own is as it was when it opened:
    /// or one whose demotion is under way would take it back, or hand the role on.
    ///
    /// What counts is what was sealed. The settings and the role of the moment can be turned by the very statement that
    /// sets this off, after the policies have looked at them; it can close the cursor, too. So who can open contexts
    /// changes members in an open one, or not at all. Others have none, such as the table's owner, who could drop this as
    /// well.
    ///
    /// `BEFORE`, for the row that waits for the demotion: it is looked at once that is committed.
    pub(super) fn act_by_present_role(&self) -> Option<Function> {
        let membership = &self.membership;
        let role = membership.role.as_ref()?;
        let (prefix, members) = (&self.prefix, self.membership_table());
        let (organization, user, role) = (quote(&membership.organization), quote(&membership.user), quote(role));
        let roles = ScopeKind::ALL.map(|scope| format!("'{}'", prefix.role(scope))).join(", ");
        let body = format!(
            "
                 DECLARE
                   seal CONSTANT text := {sealed};
                   own CONSTANT {KEY_TYPE} := {prefix}.sealed_member_id();
                 BEGIN
                   IF seal IS NULL AND NOT pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER')
                     AND EXISTS (SELECT FROM unnest(ARRAY[{roles}]) role WHERE pg_has_role(session_user, role, 'MEMBER'))
                   THEN
                     RAISE EXCEPTION 'members are changed in a context, and none is open'
                       USING ERRCODE = 'insufficient_privilege', CONSTRAINT = '{MEMBER_ROLE}';
                   ELSIF ({is_person}) AND NOT EXISTS (
                     SELECT FROM {members} m
                     WHERE m.{organization} = OLD.{organization} AND m.{user} = own
                       AND m.{role}::text = {prefix}.sealed_member_role()
                   ) THEN
                     {left}
                     RAISE EXCEPTION 'the member''s own role has changed since the context was opened'
                       USING ERRCODE = 'insufficient_privilege', CONSTRAINT = '{MEMBER_ROLE}';
                   END IF;
                   RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
                 END
                 ",
            sealed = prefix.sealed(),
            // Neither the system nor sign-in has a member.
            is_person = is_for(&[For::Member, For::User]),
            left = self.left_without_an_owner("own"),
        );
        Some(Function::new(&ACT_BY_PRESENT_ROLE, "trigger", "", Body::Block(body)))
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
                         m.{user} = {person} OR m.{role} = {top} AND m.{user} <> OLD.{user}
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
    pub(super) fn keep_an_owner(&self) -> Option<Function> {
        let membership = &self.membership;
        let (role, top) = (quote(membership.role.as_ref()?), literal(membership.ranks.first()?));
        let (organizations, key) = membership.organizations.as_ref()?;
        let (organizations, key) = (named(organizations).sql(), quote(key));
        let (members, organization) = (self.membership_table(), quote(&membership.organization));
        let body = format!(
            "
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
                 "
        );
        Some(Function::new(&KEEP_AN_OWNER, "trigger", "", Body::Block(body)))
    }

    pub(super) fn membership_table(&self) -> String {
        named(&self.membership.table).sql()
    }
}
