//! The seal: by which the policies tell a context that an entry function has opened from one that somebody made with `SET`.
//!
//! An entry function opens a cursor on a view that the definer role alone may read. So nobody else can open one of that
//! text, and whoever finds one knows that an entry function has named it. Its name says whose context it is. It ends with
//! the transaction, costs no transaction id, and works on a standby.

use super::{
    Contract, block,
    function::{
        Body, Function, SEALED_IDENTITY, SEALED_MEMBER_ID, SEALED_MEMBER_ROLE, SEALED_ORGANIZATION_ID, SEALED_USER_ID,
        Signature,
    },
};
use crate::{
    prefix::Prefix,
    scope::{KEY_TYPE, ScopeKind},
    sql::quote,
};

/// What an entry function opens a context for: the first letter of the cursor's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    Member,
    System,
    User,
    Identity,
}

impl For {
    /// Returns the letter, as SQL.
    pub(super) fn letter(self) -> &'static str {
        match self {
            Self::Member => "'t'",
            Self::System => "'s'",
            Self::User => "'u'",
            Self::Identity => "'i'",
        }
    }
}

/// How many characters a key takes in a name: the 16 bytes of a UUID, in base64, without the `==` at the end.
const KEY: usize = 22;
/// How many bytes of a name are left for the member's role, beside a letter and two keys: PostgreSQL cuts names off after
/// 63 bytes.
const ROLE: usize = 63 - 1 - 2 * KEY;
/// Where the role starts.
const ROLE_AT: usize = 1 + 2 * KEY + 1;

impl Contract {
    /// Makes the relation whose cursor is the seal. It has no row. A view, as `pg_dump` by whoever owns the schema would lock a
    /// table, and so be refused.
    pub(super) fn make_seal(&self) -> Vec<String> {
        let (prefix, gate) = (&self.prefix, self.prefix.gate());
        let (seal, roles) = (prefix.seal(), ScopeKind::ALL.map(|scope| prefix.role(scope)).join(", "));
        vec![
            format!("CREATE OR REPLACE VIEW {seal} AS SELECT true AS is_never WHERE false"),
            format!("ALTER VIEW {seal} OWNER TO {gate}"),
            format!("REVOKE ALL ON TABLE {seal} FROM PUBLIC, {}, {roles}", quote(&self.login)),
            format!("GRANT SELECT ON TABLE {seal} TO {gate}"),
        ]
    }

    /// Returns the statements that leave nothing behind of the seal that an earlier version of this crate made with a
    /// secret. Whoever has such a context open has to end first, so they wait for that, and nobody opens one meanwhile.
    pub(super) fn drop_secret(&self) -> Vec<String> {
        let (prefix, gate) = (&self.prefix, self.prefix.gate());
        vec![
            format!("DROP MATERIALIZED VIEW IF EXISTS {prefix}.seal_key_previous, {prefix}.seal_key"),
            format!("DROP FUNCTION IF EXISTS {prefix}.rotate_seal()"),
            block(&format!(
                "EXECUTE pg_catalog.format('REVOKE TEMPORARY ON DATABASE %I FROM {gate}', pg_catalog.current_database());"
            )),
        ]
    }

    /// Returns the statement that drops what policies of that version asked, once they are made anew.
    pub(super) fn drop_question(&self) -> String {
        format!("DROP FUNCTION IF EXISTS {}.context_is_genuine()", self.prefix)
    }

    /// Returns the statements, within an entry function, that open a context. They use a variable `seal`, declared by
    /// [`cursor`](Self::cursor).
    ///
    /// `keys` and `role` are SQL expressions of what the context is for; none may be null.
    pub(super) fn seal_context(&self, opened: For, keys: &[&str], role: Option<&str>) -> String {
        let mut name = opened.letter().to_owned();
        for key in keys {
            name = format!("{name} || substr(encode(uuid_send({key}), 'base64'), 1, {KEY})");
        }
        let role = role.map(|role| format!(" || {role}")).unwrap_or_default();
        format!(
            "IF {is_open} THEN
               RAISE EXCEPTION 'a context is open already in this transaction' USING ERRCODE = 'active_sql_transaction';
             END IF;
             seal := {name}{role};
             IF seal IS NULL THEN
               RAISE EXCEPTION 'a context is opened for nobody' USING ERRCODE = 'null_value_not_allowed';
             END IF;
             OPEN seal;",
            is_open = self.prefix.context_is_open(),
        )
    }

    /// Declares the cursor of an entry function. PL/pgSQL takes its text from here, and plans it once.
    pub(super) fn cursor(&self) -> String {
        format!("seal CURSOR FOR {};", self.prefix.cursor_text())
    }

    /// Puts the member's role, in the variable `found_role`, into the form in which it is a part of the name. One that is
    /// too long is a digest there, and a setting beside it: whoever turns that has no role.
    pub(super) fn shorten_role(&self) -> String {
        let setting = self.prefix.long_role();
        format!(
            "IF octet_length(found_role) > {ROLE} OR starts_with(found_role, '#') THEN
               PERFORM set_config('{setting}', found_role, true);
               found_role := {};
             END IF;",
            digest("found_role"),
        )
    }

    /// Returns the functions by which policies, triggers and the application's own SQL ask what was sealed. Each gives
    /// null where no such context is open, and raises where there is more than one seal.
    ///
    /// They run as their caller, and have no `SET search_path`, which would cost more than the rest of them: so every
    /// name in them, that of an operator too, has its schema.
    pub(super) fn seal_functions(&self) -> [Function; 5] {
        let prefix = &self.prefix;
        let function = |signature: &'static Signature, of: &str, value: &str| {
            let body = format!(
                "
                 DECLARE
                   seal CONSTANT pg_catalog.text := {};
                 BEGIN
                   RETURN {value};
                 END
                 ",
                prefix.sealed(),
            );
            Function::new(signature, of, "STABLE PARALLEL RESTRICTED", Body::Block(body))
        };
        let key = |opened: &[For], at: usize| {
            format!(
                "CASE WHEN {} THEN pg_catalog.encode(pg_catalog.decode(pg_catalog.substr(seal, {at}, {KEY}) \
                 OPERATOR(pg_catalog.||) '==', 'base64'), 'hex')::pg_catalog.{KEY_TYPE} END",
                is_for(opened),
            )
        };
        [
            function(&SEALED_ORGANIZATION_ID, KEY_TYPE, &key(&[For::Member, For::System], 2)),
            function(&SEALED_USER_ID, KEY_TYPE, &key(&[For::User], 2)),
            function(&SEALED_IDENTITY, "boolean", &format!("CASE WHEN {} THEN true END", is_for(&[For::Identity]))),
            function(&SEALED_MEMBER_ID, KEY_TYPE, &key(&[For::Member], 2 + KEY)),
            function(&SEALED_MEMBER_ROLE, "text", &prefix.sealed_role()),
        ]
    }
}

/// A SQL condition: the name in the variable `seal` is that of a context for one of these.
pub(super) fn is_for(opened: &[For]) -> String {
    let one = |opened: &For| format!("pg_catalog.substr(seal, 1, 1) OPERATOR(pg_catalog.=) {}", opened.letter());
    opened.iter().map(one).collect::<Vec<_>>().join(" OR ")
}

/// The form of a role that is too long: as much of its digest as fits.
fn digest(role: &str) -> String {
    format!(
        "('#' OPERATOR(pg_catalog.||) pg_catalog.substr(pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to({role}, \
         'UTF8')), 'base64'), 1, {}))",
        ROLE - 1
    )
}

impl Prefix {
    /// The name of the seal, as an SQL expression; null where there is none. One that would outlive its transaction is
    /// none: it takes another text, and this is to be sure.
    pub(super) fn sealed(&self) -> String {
        format!(
            "(SELECT c.name FROM pg_catalog.pg_cursor() AS c \
             WHERE c.statement OPERATOR(pg_catalog.=) '{}' AND NOT c.is_holdable)",
            self.cursor_text(),
        )
    }

    /// The member's role in the name that is in the variable `seal`, as an SQL expression; null in another context.
    pub(super) fn sealed_role(&self) -> String {
        let long_role = format!("pg_catalog.current_setting('{}', true)", self.long_role());
        let role = format!("pg_catalog.substr(seal, {ROLE_AT})");
        format!(
            "CASE WHEN {} THEN CASE
                     WHEN NOT pg_catalog.starts_with({role}, '#') THEN {role}
                     WHEN {} OPERATOR(pg_catalog.=) {role} THEN {long_role}
                   END END",
            is_for(&[For::Member]),
            digest(&long_role),
        )
    }

    /// A SQL condition: an entry function has opened a context in this transaction.
    fn context_is_open(&self) -> String {
        format!("EXISTS (SELECT FROM pg_cursor() c WHERE c.statement = '{}')", self.cursor_text())
    }

    /// What the cursor reads, word for word.
    fn cursor_text(&self) -> String {
        format!("SELECT FROM {}", self.seal())
    }

    /// The setting that has the member's role where it is too long for the name.
    fn long_role(&self) -> String {
        format!("{self}.member_role")
    }
}
