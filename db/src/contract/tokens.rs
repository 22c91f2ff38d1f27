//! Looking up personal access tokens before anybody is known.

use super::{
    Contract,
    function::{AUTHENTICATE_TOKEN, Body, Function},
    named,
    on_tables::{self, OnTables},
};

use crate::scope::KEY_TYPE;

/// The table of personal access tokens, which the definer role looks up for an identity context.
///
/// Its columns are named by convention: `id` and `user_id` (`uuid`), `token_digest` (`bytea`), `expires_at`,
/// `revoked_at` and `last_used_at` (`timestamptz`, null where there is none). Tokens are looked up by an index on
/// `sha256(token_digest)`: one on the digest itself would tell it to whoever can count what a comparison finds.
#[derive(Clone, Debug)]
#[must_use = "it does nothing until a contract is given it"]
pub struct Tokens {
    pub(super) table: String,
}

impl Tokens {
    /// Names the table, in schema `public` unless told otherwise (`"other.table"`).
    pub fn new(table: &str) -> Self {
        Self { table: table.to_owned() }
    }
}

impl Contract {
    /// Names the table of personal access tokens, by which
    /// [`authenticate_token`](crate::Context::authenticate_token) looks them up.
    pub fn tokens(mut self, tokens: Tokens) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Returns the statements that make the function `authenticate_token(digest)`, and let the definer role, as which
    /// it runs, look tokens up. To be run after [`protect`](Self::protect) of the table; they may be run again. None
    /// where the contract was told of no [`tokens`](Self::tokens).
    ///
    /// An identity context alone may call the function. It returns no row for a token that is unknown, expired or
    /// revoked. It writes `last_used_at` where that is a minute old or more, unless another look-up is about to: it
    /// waits for none, and a token can be used where its use cannot be written down.
    #[must_use]
    pub fn protect_tokens(&self) -> Vec<String> {
        self.on_tokens().statements(self)
    }

    /// Returns what the contract makes on the table of tokens; nothing where it was told of none.
    pub(crate) fn on_tokens(&self) -> OnTables {
        let mut made = OnTables::default();
        let (Some(tokens), Some(function)) = (&self.tokens, self.authenticate_token()) else { return made };
        let table = named(&tokens.table);
        made.need(&table, "SELECT", &READ);
        made.need(&table, "UPDATE", &["last_used_at"]);
        made.let_through(self, on_tables::TOKEN_LOOKUP, "SELECT", &table);
        made.let_through(self, on_tables::TOKEN_USE, "UPDATE", &table);
        made.functions.push(function);
        made
    }

    pub(super) fn authenticate_token(&self) -> Option<Function> {
        let table = named(&self.tokens.as_ref()?.table).sql();
        let body = Body::Block(authenticate_token(self.prefix.schema(), &table));
        let returns = format!("TABLE (user_id {KEY_TYPE}, token_id uuid)");
        Some(Function::new(&AUTHENTICATE_TOKEN, &returns, "ROWS 1", body))
    }

    /// Returns the statements that take back what [`protect_tokens`](Self::protect_tokens) made.
    #[must_use]
    pub fn unprotect_tokens(&self) -> Vec<String> {
        self.on_tokens().drop(self)
    }
}

/// What the definer role reads of the table.
const READ: [&str; 6] = ["id", "user_id", "token_digest", "expires_at", "revoked_at", "last_used_at"];

/// The look-up stands between `IN` and `LOOP`, so that a test can ask for the plan of this very text.
fn authenticate_token(schema: &str, table: &str) -> String {
    format!(
        "
         DECLARE
           is_due boolean;
         BEGIN
           -- Not for whoever has taken the role on and opened no context, or another than that of sign-in.
           IF {schema}.sealed_identity() IS NOT TRUE THEN
             RETURN;
           END IF;
           FOR user_id, token_id, is_due IN
             SELECT t.user_id, t.id, COALESCE(t.last_used_at <= clock_timestamp() - interval '1 minute', true)
             FROM {table} t
             WHERE sha256(t.token_digest) = sha256($1) AND t.token_digest = $1 AND t.revoked_at IS NULL
               AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())
           LOOP
             IF is_due THEN
               BEGIN
                 -- Skips a row that another holds: a look-up waits for none.
                 UPDATE {table} t SET last_used_at = clock_timestamp()
                 FROM (
                   SELECT s.user_id, s.id FROM {table} s
                   WHERE s.user_id = authenticate_token.user_id AND s.id = authenticate_token.token_id
                     AND COALESCE(s.last_used_at <= clock_timestamp() - interval '1 minute', true)
                   FOR NO KEY UPDATE SKIP LOCKED
                 ) due
                 WHERE t.user_id = due.user_id AND t.id = due.id;
               EXCEPTION WHEN OTHERS THEN
                 -- On a standby, say, or where a serializable transaction has written it meanwhile.
                 NULL;
               END;
             END IF;
             RETURN NEXT;
           END LOOP;
         END
         "
    )
}
