//! The seal: by which the policies tell a context that an entry function has opened from one that somebody made with `SET`.

use super::{
    Contract, block,
    function::{Body, CONTEXT_IS_GENUINE, Function, ROTATE_SEAL},
};
use crate::{
    scope::{KEY_TYPE, ScopeKind},
    sql::quote,
};

impl Contract {
    /// Returns the statement that gives the seal on contexts a new secret. To be run by the owner of the schema, who
    /// stops nobody with it: a context that is open goes on until the secret is rotated once more.
    #[must_use]
    pub fn rotate_seal(&self) -> String {
        format!("SELECT {}.rotate_seal()", self.prefix)
    }

    /// Makes the secret, in two materialized views of the definer role's: the one that seals, and the one before it.
    ///
    /// A dump has their definitions and a `REFRESH`, never what is in them: what is restored has a secret of its own.
    /// Made by PostgreSQL itself, the secret is in no statement, and so in no log. Run again, this leaves it as it is.
    pub(super) fn make_secret(&self) -> Vec<String> {
        let (prefix, gate) = (&self.prefix, self.prefix.gate());
        let (key, previous) = (prefix.seal_key(), prefix.seal_key_previous());
        let others = ScopeKind::ALL.map(|scope| prefix.role(scope)).join(", ");
        let uuid = "pg_catalog.uuid_send(pg_catalog.gen_random_uuid())";
        [
            (&key, format!("SELECT 1 AS id, pg_catalog.sha256(pg_catalog.byteacat({uuid}, {uuid})) AS key")),
            (&previous, format!("SELECT id, key FROM {key}")),
        ]
        .into_iter()
        .flat_map(|(view, query)| {
            let name = view.rsplit('.').next().unwrap_or(view);
            [
                format!("CREATE MATERIALIZED VIEW IF NOT EXISTS {view} AS {query}"),
                format!("ALTER MATERIALIZED VIEW {view} OWNER TO {gate}"),
                format!("REVOKE ALL ON TABLE {view} FROM PUBLIC, {}, {others}", quote(&self.login)),
                // What a `REFRESH` beside open contexts asks for.
                format!("CREATE UNIQUE INDEX IF NOT EXISTS {name}_id ON {view} (id)"),
                // The planner's statistics would hold a copy.
                format!("ALTER MATERIALIZED VIEW {view} ALTER COLUMN key SET STATISTICS 0"),
            ]
        })
        .collect()
    }

    /// Returns what the policies ask, and what the owner of the schema rotates the secret with.
    pub(super) fn seal_functions(&self) -> [Function; 2] {
        [self.context_is_genuine(), self.rotate_the_seal()]
    }

    /// Returns the statements, within an entry function, that seal the context for a role, once its settings are made.
    /// They use a variable `seal` of type `refcursor`.
    ///
    /// The cursor is the transaction's identity, which costs no transaction id and works on a standby: it ends with
    /// the transaction, its name is never given twice, and nobody else can open one of this text, as nobody else may
    /// read what it reads. `transaction_timestamp()` would not do: transactions in one message share it.
    pub(super) fn seal_context(&self, scope: ScopeKind) -> String {
        let prefix = &self.prefix;
        let mac = self.seal_of(&format!("'{}'", prefix.role(scope)), "seal");
        format!(
            "IF {is_open} THEN
               RAISE EXCEPTION 'a context is open already in this transaction' USING ERRCODE = 'active_sql_transaction';
             END IF;
             seal := '{prefix}_seal ' || gen_random_uuid();
             OPEN seal FOR EXECUTE '{cursor}';
             PERFORM set_config('{prefix}.seal', (SELECT {mac} FROM {key} k), true);",
            is_open = self.context_is_open(),
            cursor = self.cursor_text(),
            key = prefix.seal_key(),
        )
    }

    /// Returns an SQL condition: an entry function has opened a context in this transaction, whatever has become of its
    /// settings.
    pub(super) fn context_is_open(&self) -> String {
        format!(
            "EXISTS (SELECT FROM pg_cursor() c WHERE c.statement = '{cursor}' AND NOT c.is_holdable)",
            cursor = self.cursor_text()
        )
    }

    /// Returns an SQL condition, for the definer role: the settings are those of the context that an entry function has
    /// opened in this transaction, for whichever scope.
    ///
    /// It asks nothing of the role of the moment, as `context_is_genuine` does for the policies: a statement can turn
    /// that.
    pub(super) fn settings_are_sealed(&self) -> String {
        let roles = ScopeKind::ALL.map(|scope| format!("'{}'", self.prefix.role(scope))).join(", ");
        let roles = format!("unnest(ARRAY[{roles}]) sealed_for(role), ");
        let sealed = |key: String| self.sealed_with(&key, &roles, "sealed_for.role");
        [self.prefix.seal_key(), self.prefix.seal_key_previous()].map(sealed).join(" OR ")
    }

    /// Returns an SQL condition: the settings are what was sealed with a secret, for a role.
    fn sealed_with(&self, key: &str, roles: &str, role: &str) -> String {
        format!(
            "EXISTS (
               SELECT FROM {roles}pg_cursor() c, {key} k
               WHERE c.statement = '{cursor}' AND NOT c.is_holdable
                 AND {mac} = current_setting('{prefix}.seal', true)
             )",
            cursor = self.cursor_text(),
            mac = self.seal_of(role, "c.name"),
            prefix = self.prefix,
        )
    }

    /// What the cursor reads, word for word.
    fn cursor_text(&self) -> String {
        format!("SELECT FROM {}", self.prefix.seal_key())
    }

    /// The seal, as SQL, over the settings as they are: for a role, the name of a cursor, and the secret in `k.key`.
    ///
    /// The secret is a column throughout, never a variable or a parameter, which `auto_explain` could log.
    fn seal_of(&self, role: &str, cursor: &str) -> String {
        let prefix = &self.prefix;
        let [organization, user, identity] = ScopeKind::ALL.map(|scope| prefix.setting(scope));
        let settings: Vec<_> = [organization, user, identity, format!("{prefix}.member_role")]
            .iter()
            .map(|setting| format!("COALESCE(current_setting('{setting}', true), '')"))
            .collect();
        // Each of them quoted, so that none runs into the next.
        let message = format!(
            "convert_to(format('%s %L %L %L %L %L %L', pg_backend_pid(), {role}, {cursor}::text, {}), \
             getdatabaseencoding())",
            settings.join(", ")
        );
        format!("encode(sha256(k.key || sha256(k.key || {message})), 'hex')")
    }

    /// Returns whether the context is one that an entry function has opened, in this transaction, for the role that
    /// asks.
    ///
    /// `SECURITY DEFINER`, so that `current_user` is the definer role; the setting `role` is what was entered by `SET ROLE`.
    /// `PARALLEL RESTRICTED`: a worker has none of the cursors.
    fn context_is_genuine(&self) -> Function {
        let prefix = &self.prefix;
        let unset = |scope| {
            let (role, setting) = (prefix.role(scope), prefix.setting(scope));
            let cast = match scope {
                ScopeKind::Tenant | ScopeKind::User => format!("{KEY_TYPE} IS NULL"),
                ScopeKind::Identity => "boolean IS NOT TRUE".to_owned(),
            };
            format!("WHEN '{role}' THEN current_setting('{setting}')::{cast}")
        };
        let role = "current_setting('role')";
        let body = format!(
            "
             BEGIN
               -- Raises, as the policies do, where no context is open: they need not be asked once this says false.
               IF (CASE current_setting('role') {unset} ELSE true END) THEN
                 RETURN false;
               END IF;
               -- Nearly always; the table of the one before is then not even locked.
               IF {current} THEN
                 RETURN true;
               END IF;
               RETURN {before};
             END
             ",
            unset = ScopeKind::ALL.map(unset).join(" "),
            current = self.sealed_with(&prefix.seal_key(), "", role),
            before = self.sealed_with(&prefix.seal_key_previous(), "", role),
        );
        Function::new(&CONTEXT_IS_GENUINE, "boolean", "STABLE PARALLEL RESTRICTED", Body::Block(body))
    }

    /// Makes a new secret, beside open contexts: those that are sealed with the one before go on.
    ///
    /// `CONCURRENTLY`, as every open context has its cursor on the view; it makes a temporary table. A view that is
    /// empty, as one is that was restored without data, can only be filled without it.
    fn rotate_the_seal(&self) -> Function {
        let prefix = &self.prefix;
        let (key, previous) = (prefix.seal_key(), prefix.seal_key_previous());
        let body = format!(
            "
             BEGIN
               IF (
                 SELECT bool_and(relispopulated) FROM pg_class WHERE oid IN ('{key}'::regclass, '{previous}'::regclass)
               ) THEN
                 REFRESH MATERIALIZED VIEW CONCURRENTLY {previous};
                 REFRESH MATERIALIZED VIEW CONCURRENTLY {key};
               ELSE
                 REFRESH MATERIALIZED VIEW {key};
                 REFRESH MATERIALIZED VIEW {previous};
               END IF;
             END
             "
        );
        Function::new(&ROTATE_SEAL, "void", "", Body::Block(body))
    }

    /// Lets the definer role make the temporary tables that `REFRESH MATERIALIZED VIEW CONCURRENTLY` needs, or takes
    /// that back.
    pub(super) fn let_the_gate_refresh(&self, begin: bool) -> String {
        let (verb, to, gate) =
            if begin { ("GRANT", "TO", self.prefix.gate()) } else { ("REVOKE", "FROM", self.prefix.gate()) };
        block(&format!(
            "EXECUTE pg_catalog.format('{verb} TEMPORARY ON DATABASE %I {to} {gate}', pg_catalog.current_database());"
        ))
    }
}
