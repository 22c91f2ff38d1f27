//! The functions that every contract makes: what opens a context, and what the policies ask.

use super::{
    Contract, block,
    function::{
        Body, CURRENT_ORGANIZATION_ID, CURRENT_USER_ID, ENTER_IDENTITY, ENTER_TENANT, ENTER_TENANT_AS_SYSTEM,
        ENTER_USER, Function, IN_IDENTITY_CONTEXT, Signature, TOUCH_UPDATED_AT,
    },
    seal::For,
};
use crate::{
    error::NOT_A_MEMBER,
    scope::{KEY_TYPE, ScopeKind},
    sql::quote,
};

impl Contract {
    /// Returns the functions that [`install`](Self::install) makes.
    pub(super) fn own_functions(&self) -> Vec<Function> {
        let mut functions = self.accessors().to_vec();
        functions.push(touch_updated_at());
        functions.extend(self.seal_functions());
        functions.extend(self.entry_functions());
        functions.extend(self.member_role_functions());
        functions
    }

    /// What the policies ask. Each raises where no context is open: a setting that was never made is unknown,
    /// and one that was made in an earlier transaction reads as the empty string.
    ///
    /// `STABLE`, never `IMMUTABLE`, or a prepared statement would serve one tenant's rows to the next. No `SET`
    /// clause, so that the planner inlines them.
    fn accessors(&self) -> [Function; 3] {
        [
            (&CURRENT_ORGANIZATION_ID, ScopeKind::Tenant, KEY_TYPE),
            (&CURRENT_USER_ID, ScopeKind::User, KEY_TYPE),
            (&IN_IDENTITY_CONTEXT, ScopeKind::Identity, "boolean"),
        ]
        .map(|(signature, scope, of)| {
            let body = format!("({})::{of}", setting(&self.prefix.setting(scope)));
            Function::new(signature, of, "STABLE PARALLEL SAFE", Body::Expression(body))
        })
    }

    /// Lets whoever migrates make functions that belong to the definer role, or takes that back. A superuser needs
    /// neither. From PostgreSQL 16 on, `INHERIT` and `SET` belong to the membership.
    pub(super) fn become_gate(&self, begin: bool) -> String {
        let (schema, gate) = (self.prefix.schema(), self.prefix.gate());
        let superuser = "(SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)";
        if !begin {
            return block(&format!(
                "REVOKE CREATE ON SCHEMA {schema} FROM {gate};
                 IF NOT {superuser} THEN
                   REVOKE {gate} FROM CURRENT_USER;
                 END IF;"
            ));
        }
        block(&format!(
            "GRANT CREATE, USAGE ON SCHEMA {schema} TO {gate};
             IF NOT {superuser} THEN
               IF pg_catalog.current_setting('server_version_num')::int >= 160000 THEN
                 EXECUTE 'GRANT {gate} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE';
               ELSE
                 GRANT {gate} TO CURRENT_USER;
               END IF;
             END IF;
             EXCEPTION WHEN insufficient_privilege THEN
               RAISE EXCEPTION 'role {gate} is another role''s: % may not become it', current_user
                 USING ERRCODE = 'insufficient_privilege',
                   HINT = 'whoever made the role, or a superuser, has to GRANT {gate} TO this role WITH ADMIN OPTION';"
        ))
    }

    /// What opens a context. Each seals it, as the definer role, which alone may, and sets the key of the scope, by which
    /// the planner finds rows. `SET LOCAL ROLE` cannot be inside of a function that is `SECURITY DEFINER`; it is the next
    /// statement.
    fn entry_functions(&self) -> [Function; 4] {
        let set = |scope, value: &str| format!("PERFORM set_config('{}', {value}, true);", self.prefix.setting(scope));
        let members = self.membership_table();
        let member_role = self
            .membership
            .role
            .as_deref()
            .map_or("''".to_owned(), |column| format!("COALESCE(m.{}::text, '')", quote(column)));
        let find_member = format!(
            "SELECT {member_role} INTO found_role FROM {members} m WHERE m.{organization} = $1 AND m.{person} = $2;
             IF NOT FOUND THEN
               RAISE EXCEPTION 'not a member of the organization'
                 USING ERRCODE = 'insufficient_privilege', CONSTRAINT = '{NOT_A_MEMBER}';
             END IF;
             {shorten}",
            organization = quote(&self.membership.organization),
            person = quote(&self.membership.user),
            shorten = self.shorten_role(),
        );
        let function = |signature: &'static Signature, declare: &str, body: [String; 3]| {
            let body = format!("\nDECLARE {declare}{}\nBEGIN\n{}\nEND\n", self.cursor(), body.concat());
            Function::new(signature, "void", "", Body::Block(body))
        };
        let none = String::new;
        [
            function(
                &ENTER_TENANT,
                "found_role text; ",
                [
                    find_member,
                    self.seal_context(For::Member, &["$1", "$2"], Some("found_role")),
                    set(ScopeKind::Tenant, "$1::text"),
                ],
            ),
            function(
                &ENTER_TENANT_AS_SYSTEM,
                "",
                [none(), self.seal_context(For::System, &["$1"], None), set(ScopeKind::Tenant, "$1::text")],
            ),
            function(
                &ENTER_USER,
                "",
                [none(), self.seal_context(For::User, &["$1"], None), set(ScopeKind::User, "$1::text")],
            ),
            function(
                &ENTER_IDENTITY,
                "",
                [none(), self.seal_context(For::Identity, &[], None), set(ScopeKind::Identity, "'true'")],
            ),
        ]
    }
}

fn touch_updated_at() -> Function {
    // `clock_timestamp`, so that two updates in one transaction differ.
    let body = "
                 BEGIN
                   NEW.updated_at := pg_catalog.clock_timestamp();
                   RETURN NEW;
                 END
                 ";
    // A trigger asks whoever makes it for the right to execute, not whoever sets it off.
    Function::new(&TOUCH_UPDATED_AT, "trigger", "", Body::Block(body.to_owned()))
}

/// The value of a setting, as PostgreSQL writes the call down.
fn setting(name: &str) -> String {
    format!("pg_catalog.current_setting('{name}'::text)")
}
