//! What a text may hold, decided by its tokens alone.
//!
//! No grammar is guessed at. PostgreSQL calls a function by name in one form, a name before a bracket, wherever it stands:
//! so every bracket is looked at. A statement that writes needs a key word of its own: so every word is looked at. What is
//! left are operators, casts and a name after a dot, which the documentation of [`RawSelect`](crate::RawSelect) speaks of.

use super::{
    Refused,
    functions::is_pure,
    token::{Kind, Token, tokens},
};

/// Checks that a text is one query that writes nothing and calls what it may, and returns how much of it is the query.
pub(super) fn one_select(sql: &str, allowed: &[&str]) -> Result<usize, Refused> {
    let mut tokens = tokens(sql)?;
    while tokens.last().is_some_and(|token| token.kind == Kind::Mark(';')) {
        tokens.pop();
    }
    let Some(last) = tokens.last() else { return Err("it is empty".into()) };
    let end = last.end;
    let text = Text { closing: brackets(&tokens)?, tokens, allowed };
    text.starts_as_query()?;
    for at in 0..text.tokens.len() {
        text.check(at)?;
    }
    Ok(end)
}

/// Where each round bracket that opens is closed.
fn brackets(tokens: &[Token]) -> Result<Vec<Option<usize>>, Refused> {
    let mut closing = vec![None; tokens.len()];
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Mark('(') => open.push(at),
            Kind::Mark(')') => {
                let opening = open.pop().ok_or("it closes a bracket that it does not open")?;
                closing[opening] = Some(at);
            }
            Kind::Mark(';') => return Err("it is more than one statement".into()),
            _ => {}
        }
    }
    if open.is_empty() { Ok(closing) } else { Err("it opens a bracket that it does not close".into()) }
}

struct Text<'a> {
    tokens: Vec<Token>,
    closing: Vec<Option<usize>>,
    allowed: &'a [&'a str],
}

impl Text<'_> {
    fn kind(&self, at: usize) -> Option<&Kind> {
        self.tokens.get(at).map(|token| &token.kind)
    }

    fn before(&self, at: usize) -> Option<&Kind> {
        at.checked_sub(1).and_then(|before| self.kind(before))
    }

    /// The key word there, if it can be one: a word between double quotes is none, and after a dot it is a name.
    fn word(&self, at: usize) -> Option<&str> {
        match self.kind(at) {
            Some(Kind::Word(word)) if self.before(at) != Some(&Kind::Mark('.')) => Some(word),
            _ => None,
        }
    }

    fn word_before(&self, at: usize) -> Option<&str> {
        at.checked_sub(1).and_then(|before| self.word(before))
    }

    /// Returns whether a query starts there, in however many brackets.
    fn is_query(&self, mut at: usize) -> bool {
        while self.kind(at) == Some(&Kind::Mark('(')) {
            at += 1;
        }
        match self.word(at) {
            Some("select" | "table" | "with") => true,
            // Not reserved: `f(1) AS (values integer)` has a column that is named so.
            Some("values") => self.kind(at + 1) == Some(&Kind::Mark('(')),
            _ => false,
        }
    }

    fn starts_as_query(&self) -> Result<(), Refused> {
        if self.is_query(0) { Ok(()) } else { Err("it is no SELECT".into()) }
    }

    fn check(&self, at: usize) -> Result<(), Refused> {
        match self.kind(at) {
            Some(Kind::Word(name)) => {
                if let Some(word) = self.word(at) {
                    self.check_word(at, word)?;
                }
                self.check_name(at, name)
            }
            Some(Kind::Quoted(name)) => self.check_name(at, name),
            Some(Kind::Mark('(')) => self.check_call(at),
            _ => Ok(()),
        }
    }

    /// Words of statements that write, and those that call a function without a bracket.
    fn check_word(&self, at: usize, word: &str) -> Result<(), Refused> {
        match word {
            // `FOR UPDATE` and `FOR NO KEY UPDATE` lock rows; a statement never follows these words.
            "update" if matches!(self.word_before(at), Some("for" | "key")) => Ok(()),
            "insert" | "update" | "delete" | "merge" | "into" => Err(format!(
                "it writes ({}); a name that is spelled so goes between double quotes",
                word.to_ascii_uppercase()
            )
            .into()),
            "current_catalog" | "current_role" | "current_schema" | "current_user" | "session_user" | "system_user"
            | "user" => {
                Err(format!("`{word}` tells of the session; a name that is spelled so goes between double quotes")
                    .into())
            }
            _ => Ok(()),
        }
    }

    /// Names of what is the server's own, wherever they stand: they are tables, types, and functions, some of which
    /// need no bracket (`TREAT (x AS f)`, `row.f`).
    fn check_name(&self, at: usize, name: &str) -> Result<(), Refused> {
        let qualifies = name == "pg_catalog" && self.kind(at + 1) == Some(&Kind::Mark('.'));
        if qualifies || self.is_allowed(at) {
            return Ok(());
        }
        if name.starts_with("pg_") || name == "information_schema" {
            return Err(format!("`{}` is the server's own", shown(name)).into());
        }
        // What they read and show are names of the catalog, the other tables' included.
        let reads_catalog = name.strip_prefix("reg").is_some_and(|kind| CATALOG_TYPES.contains(&kind));
        if reads_catalog || name == "aclitem" {
            return Err(format!("the type `{name}` reads the server's own catalog").into());
        }
        Ok(())
    }

    /// Checks what stands before a bracket.
    fn check_call(&self, bracket: usize) -> Result<(), Refused> {
        let Some(at) = bracket.checked_sub(1) else { return Ok(()) };
        let Some(Kind::Word(name) | Kind::Quoted(name)) = self.kind(at) else { return Ok(()) };
        if self.is_grammar(at) || self.is_alias_or_type(at) || self.is_with_query(bracket) || self.is_allowed(at) {
            return Ok(());
        }
        match self.qualifier(at) {
            Qualifier::None | Qualifier::Schema("pg_catalog") if is_pure(name) => Ok(()),
            _ => Err(format!(
                "the function `{}` is not one that computes from the rows alone; give its name to `allow_functions` if it \
                 is safe (an alias with columns goes after AS)",
                shown(name)
            )
            .into()),
        }
    }

    /// Returns whether it is a key word before a bracket, which calls nothing.
    fn is_grammar(&self, at: usize) -> bool {
        let Some(word) = self.word(at) else { return false };
        match word {
            "by" => matches!(self.word_before(at), Some("group" | "order" | "partition")),
            "sets" => self.word_before(at) == Some("grouping"),
            "zone" => self.word_before(at) == Some("time"),
            "first" | "next" => self.word_before(at) == Some("fetch"),
            "materialized" => match self.word_before(at) {
                Some("as") => true,
                Some("not") => at > 1 && self.word_before(at - 1) == Some("as"),
                _ => false,
            },
            // Both end an expression; a function comes first in one.
            "over" => self.ends_expression(at),
            "filter" => self.ends_expression(at) && self.word(at + 2) == Some("where"),
            "columns" => self.before(at) == Some(&Kind::Text) || self.ends_expression(at),
            word => GRAMMAR.contains(&word),
        }
    }

    /// Returns whether what stands before is a bracket that closes an expression: not that of `DISTINCT ON (…)`.
    fn ends_expression(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else { return false };
        let opening = self.closing.iter().position(|closing| *closing == Some(before));
        opening.is_some_and(|opening| self.word_before(opening) != Some("on"))
    }

    /// `AS alias (a, b)`, `CAST (x AS type (1))` and `x::type (1)`.
    fn is_alias_or_type(&self, at: usize) -> bool {
        let start = self.start_of_name(at);
        self.word_before(start) == Some("as") || self.before(start) == Some(&Kind::Cast)
    }

    /// `WITH name (a, b) AS (SELECT …`: no query follows `AS` anywhere else.
    fn is_with_query(&self, bracket: usize) -> bool {
        let Some(closing) = self.closing[bracket] else { return false };
        if self.word(closing + 1) != Some("as") {
            return false;
        }
        let mut at = closing + 2;
        at += usize::from(self.word(at) == Some("not"));
        at += usize::from(self.word(at) == Some("materialized"));
        self.kind(at) == Some(&Kind::Mark('(')) && self.is_query(at + 1)
    }

    /// Returns whether the function there was allowed by the caller, as it is written.
    fn is_allowed(&self, at: usize) -> bool {
        let Some(Kind::Word(name) | Kind::Quoted(name)) = self.kind(at) else { return false };
        self.kind(at + 1) == Some(&Kind::Mark('('))
            && self.allowed.iter().any(|allowed| match (allowed.split_once('.'), self.qualifier(at)) {
                (None, Qualifier::None) => name == allowed,
                (Some((schema, function)), Qualifier::Schema(qualifier)) => schema == qualifier && function == name,
                _ => false,
            })
    }

    fn qualifier(&self, at: usize) -> Qualifier<'_> {
        let start = self.start_of_name(at);
        match (at - start, self.kind(start)) {
            (0, _) => Qualifier::None,
            (2, Some(Kind::Word(schema) | Kind::Quoted(schema))) => Qualifier::Schema(schema),
            _ => Qualifier::Other,
        }
    }

    /// Where `a.b.c` starts that ends there.
    fn start_of_name(&self, mut at: usize) -> usize {
        while at >= 1 && self.kind(at - 1) == Some(&Kind::Mark('.')) {
            at -= if at >= 2 && matches!(self.kind(at - 2), Some(Kind::Word(_) | Kind::Quoted(_))) { 2 } else { 1 };
        }
        at
    }
}

/// What a function's name is qualified by.
enum Qualifier<'a> {
    None,
    Schema(&'a str),
    Other,
}

/// Key words that stand before a bracket and call nothing. PostgreSQL reserves them, so that no function is named so;
/// but for the last line.
const GRAMMAR: [&str; 39] = [
    "all",
    "and",
    "any",
    "array",
    "as",
    "asymmetric",
    "between",
    "case",
    "distinct",
    "else",
    "except",
    "exists",
    "from",
    "group",
    "having",
    "in",
    "intersect",
    "lateral",
    "limit",
    "not",
    "offset",
    "on",
    "only",
    "or",
    "row",
    "select",
    "some",
    "symmetric",
    "then",
    "to",
    "union",
    "using",
    "values",
    "when",
    "where",
    // A function of the application's own that is named so is not told apart.
    "cube",
    "ilike",
    "join",
    "rollup",
];

/// `regclass` and its kin; not `regconfig` and `regdictionary`, by which text search names its configuration.
const CATALOG_TYPES: [&str; 10] =
    ["class", "collation", "database", "namespace", "oper", "operator", "proc", "procedure", "role", "type"];

/// A name from the text, as it may be shown: nothing that is not plain.
fn shown(name: &str) -> &str {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { name } else { "…" }
}
