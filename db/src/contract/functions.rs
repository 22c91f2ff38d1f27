//! The functions: what opens a context, and what the policies ask.

use super::{Contract, block};
use crate::{ScopeKind, error::NOT_A_MEMBER, options::quote};

impl Contract {
    pub(super) fn create_functions(&self) -> Vec<String> {
        let mut statements = self.accessors();
        statements.extend(self.touch_updated_at());
        statements.push(self.become_gate(true));
        statements.extend(self.make_secret());
        statements.extend(self.seal_functions());
        statements.extend(self.entry_functions());
        statements.push(self.become_gate(false));
        // They ask for the seal.
        statements.extend(self.member_role_functions());
        statements
    }

    /// What the policies ask. Each raises where no context is open: a setting that was never made is unknown,
    /// and one that was made in an earlier transaction reads as the empty string.
    ///
    /// `STABLE`, never `IMMUTABLE`, or a prepared statement would serve one tenant's rows to the next. No `SET`
    /// clause, so that the planner inlines them.
    fn accessors(&self) -> Vec<String> {
        let roles = ScopeKind::ALL.map(|scope| self.prefix.role(scope)).join(", ");
        ScopeKind::ALL
            .into_iter()
            .flat_map(|scope| {
                let function = self.prefix.accessor(scope);
                let of = if scope == ScopeKind::Identity { "boolean" } else { "uuid" };
                let setting = self.prefix.setting(scope);
                [
                    format!(
                        "CREATE OR REPLACE FUNCTION {function} RETURNS {of} LANGUAGE sql STABLE PARALLEL SAFE \
                         RETURN pg_catalog.current_setting('{setting}')::{of}"
                    ),
                    format!("REVOKE ALL ON FUNCTION {function} FROM PUBLIC"),
                    format!("GRANT EXECUTE ON FUNCTION {function} TO {roles}"),
                ]
            })
            .collect()
    }

    fn touch_updated_at(&self) -> [String; 2] {
        let function = format!("{}.touch_updated_at()", self.prefix.schema());
        [
            // `clock_timestamp`, so that two updates in one transaction differ.
            format!(
                "CREATE OR REPLACE FUNCTION {function} RETURNS trigger LANGUAGE plpgsql \
                 SET search_path = pg_catalog, pg_temp AS $function$
                 BEGIN
                   NEW.updated_at := pg_catalog.clock_timestamp();
                   RETURN NEW;
                 END
                 $function$"
            ),
            // A trigger asks this of whoever makes it, not of whoever sets it off.
            format!("REVOKE ALL ON FUNCTION {function} FROM PUBLIC"),
        ]
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

    /// What opens a context. Each sets all settings for the transaction, as the definer role, which alone may, and
    /// seals them. Those of the other scopes are set to nothing, or what somebody had set before would be sealed with
    /// the rest. `SET LOCAL ROLE` cannot be inside of a function that is `SECURITY DEFINER`; it is the next statement.
    fn entry_functions(&self) -> Vec<String> {
        let prefix = &self.prefix;
        let [tenant, user, identity] = ScopeKind::ALL.map(|scope| prefix.setting(scope));
        let settings = [tenant, user, identity, format!("{prefix}.member_role")];
        let set = |values: [&str; 4]| {
            let one = |(setting, value)| format!("PERFORM pg_catalog.set_config('{setting}', {value}, true);");
            settings.iter().zip(values).map(one).collect::<Vec<_>>().join("\n")
        };
        let members = self.membership_table();
        let member_role =
            self.membership.role.as_deref().map_or("''".to_owned(), |column| format!("m.{}::text", quote(column)));
        let find_member = format!(
            "SELECT {member_role} INTO found_role FROM {members} m WHERE m.{organization} = $1 AND m.{person} = $2;
             IF NOT FOUND THEN
               RAISE EXCEPTION 'not a member of the organization'
                 USING ERRCODE = 'insufficient_privilege', CONSTRAINT = '{NOT_A_MEMBER}';
             END IF;",
            organization = quote(&self.membership.organization),
            person = quote(&self.membership.user),
        );
        let enter_tenant = [find_member, set(["$1::text", "$2::text", "''", "found_role"])].join("\n");
        let as_system = set(["$1::text", "''", "''", "'system'"]);
        [
            (
                "enter_tenant(organization uuid, person uuid)",
                ScopeKind::Tenant,
                "found_role text;",
                enter_tenant,
            ),
            ("enter_tenant_as_system(organization uuid)", ScopeKind::Tenant, "", as_system),
            ("enter_user(person uuid)", ScopeKind::User, "", set(["''", "$1::text", "''", "''"])),
            ("enter_identity()", ScopeKind::Identity, "", set(["''", "''", "'true'", "''"])),
        ]
        .into_iter()
        .flat_map(|(signature, scope, declare, body)| {
            let gate = prefix.gate();
            let function = format!("{prefix}.{signature}");
            let seal = self.seal_context(scope);
            [
                format!(
                    "CREATE OR REPLACE FUNCTION {function} RETURNS void LANGUAGE plpgsql SECURITY DEFINER \
                     SET search_path = pg_catalog, pg_temp AS $function$\nDECLARE seal refcursor; {declare}\nBEGIN\n{body}\n{seal}\nEND\n$function$"
                ),
                format!("REVOKE ALL ON FUNCTION {function} FROM PUBLIC"),
                format!("GRANT EXECUTE ON FUNCTION {function} TO {}", quote(&self.login)),
                format!("ALTER FUNCTION {function} OWNER TO {gate}"),
            ]
        })
        .collect()
    }
}
