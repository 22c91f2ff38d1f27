//! The tokens of a text, by the lexical rules of PostgreSQL's manual (4.1) and its `scan.l`.
//!
//! Strict: what two versions of PostgreSQL, or two of its settings, read in two ways is refused, and so is what none of
//! them reads. A token tells no more than [`check`](super::check) asks for.

use std::{iter::Peekable, str::CharIndices};

use super::Refused;

/// A token, and where it ends in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) end: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A key word or a name, in lower case, as PostgreSQL folds it.
    Word(String),
    /// A name between double quotes, without them.
    Quoted(String),
    /// A string constant, of whatever kind.
    Text,
    /// A number, or a parameter.
    Value,
    /// A punctuation mark: `(` `)` `[` `]` `,` `;` `.` `:`.
    Mark(char),
    /// `::`
    Cast,
    Operator,
}

/// PostgreSQL cuts a name that is longer.
const LONGEST_NAME: usize = 63;

/// Splits a text into its tokens; comments are none.
pub(super) fn tokens(sql: &str) -> Result<Vec<Token>, Refused> {
    // The message to the server ends there.
    if sql.contains('\0') {
        return Err("it has a NUL character in it".into());
    }
    let mut lexer = Lexer { sql, chars: sql.char_indices().peekable() };
    let mut tokens = Vec::new();
    while let Some(kind) = lexer.token()? {
        tokens.push(Token { kind, end: lexer.position() });
    }
    Ok(tokens)
}

struct Lexer<'a> {
    sql: &'a str,
    chars: Peekable<CharIndices<'a>>,
}

impl Lexer<'_> {
    fn position(&mut self) -> usize {
        self.chars.peek().map_or(self.sql.len(), |(position, _)| *position)
    }

    fn rest(&mut self) -> &str {
        let position = self.position();
        &self.sql[position..]
    }

    fn skip(&mut self, chars: usize) {
        for _ in 0..chars {
            self.chars.next();
        }
    }

    /// Takes characters for as long as they are of a kind, and returns them.
    fn take_while(&mut self, mut of_kind: impl FnMut(char) -> bool) -> &str {
        let start = self.position();
        while self.chars.next_if(|(_, c)| of_kind(*c)).is_some() {}
        let end = self.position();
        &self.sql[start..end]
    }

    fn token(&mut self) -> Result<Option<Kind>, Refused> {
        self.skip_blanks()?;
        let rest = self.rest();
        let mut ahead = rest.chars();
        let Some(first) = ahead.next() else { return Ok(None) };
        let second = ahead.next();
        let kind = match (first, second) {
            ('\'', _) => self.string()?,
            ('e' | 'E', Some('\'')) => {
                self.skip(1);
                self.escape_string()?
            }
            ('n' | 'N' | 'b' | 'B' | 'x' | 'X', Some('\'')) => {
                self.skip(1);
                self.string()?
            }
            ('u' | 'U', Some('&')) if matches!(ahead.next(), Some('\'' | '"')) => {
                return Err("it has a name or a string with Unicode escapes (`U&`); write the characters".into());
            }
            ('"', _) => self.quoted()?,
            ('$', Some('0'..='9')) => {
                self.skip(1);
                self.take_while(|c| c.is_ascii_digit());
                self.no_junk()?
            }
            ('$', _) => self.dollar_quoted()?,
            ('.', Some('0'..='9')) | ('0'..='9', _) => self.number()?,
            (':', Some(':')) => {
                self.skip(2);
                Kind::Cast
            }
            ('(' | ')' | '[' | ']' | ',' | ';' | '.' | ':', _) => {
                self.skip(1);
                Kind::Mark(first)
            }
            _ if starts_name(first) => Kind::Word(short(self.take_while(continues_name))?.to_ascii_lowercase()),
            _ if is_operator(first) => self.operator(),
            _ => {
                return Err(
                    format!("it has a character that PostgreSQL does not know ({})", first.escape_unicode()).into()
                );
            }
        };
        Ok(Some(kind))
    }

    /// Skips white space and comments. A vertical tab is white space from PostgreSQL 16 on.
    fn skip_blanks(&mut self) -> Result<(), Refused> {
        loop {
            self.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c'));
            if self.rest().starts_with("--") {
                self.take_while(|c| !matches!(c, '\n' | '\r'));
            } else if self.rest().starts_with("/*") {
                self.block_comment()?;
            } else {
                return Ok(());
            }
        }
    }

    /// Block comments nest.
    fn block_comment(&mut self) -> Result<(), Refused> {
        let mut depth = 0_usize;
        loop {
            let rest = self.rest();
            if rest.starts_with("/*") {
                depth += 1;
                self.skip(2);
            } else if rest.starts_with("*/") {
                depth -= 1;
                self.skip(2);
            } else if self.chars.next().is_none() {
                return Err("a comment in it does not end".into());
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// A string in which a backslash is a character as any other: unless `standard_conforming_strings` is off, or it
    /// goes on from an `E''` on the line before. All agree where no quote follows a backslash.
    fn string(&mut self) -> Result<Kind, Refused> {
        self.skip(1);
        loop {
            match self.chars.next() {
                Some((_, '\'')) if self.chars.next_if(|(_, c)| *c == '\'').is_none() => return Ok(Kind::Text),
                Some((_, '\\')) if self.rest().starts_with('\'') => {
                    return Err(
                        "a string in it has a quote after a backslash, which a setting decides on; write E'…', \
                                or bind a value"
                            .into(),
                    );
                }
                Some(_) => {}
                None => return Err(UNTERMINATED.into()),
            }
        }
    }

    fn escape_string(&mut self) -> Result<Kind, Refused> {
        self.skip(1);
        loop {
            match self.chars.next() {
                Some((_, '\'')) if self.chars.next_if(|(_, c)| *c == '\'').is_none() => return Ok(Kind::Text),
                Some((_, '\\')) => self.skip(1),
                Some(_) => {}
                None => return Err(UNTERMINATED.into()),
            }
        }
    }

    fn quoted(&mut self) -> Result<Kind, Refused> {
        self.skip(1);
        let mut name = String::new();
        loop {
            match self.chars.next() {
                Some((_, '"')) if self.chars.next_if(|(_, c)| *c == '"').is_none() => break,
                Some((_, c)) => name.push(c),
                None => return Err(UNTERMINATED.into()),
            }
        }
        Ok(Kind::Quoted(short(&name)?.to_owned()))
    }

    fn dollar_quoted(&mut self) -> Result<Kind, Refused> {
        let start = self.position();
        self.skip(1);
        let tag = self.take_while(|c| c != '$' && continues_name(c));
        if tag.starts_with(|c: char| c.is_ascii_digit()) || self.chars.next_if(|(_, c)| *c == '$').is_none() {
            return Err("it has a dollar sign that opens no string and is no parameter".into());
        }
        let delimiter = self.sql[start..self.position()].to_owned();
        let length = self.rest().find(&delimiter).ok_or(UNTERMINATED)?;
        let end = self.position() + length + delimiter.len();
        while self.chars.next_if(|(position, _)| *position < end).is_some() {}
        Ok(Kind::Text)
    }

    fn number(&mut self) -> Result<Kind, Refused> {
        if self.rest().starts_with("0x") || self.rest().starts_with("0X") {
            self.skip(2);
            self.take_while(|c| c.is_ascii_hexdigit() || c == '_');
            return self.no_junk();
        }
        self.take_while(|c| c.is_ascii_digit() || c == '_');
        // `1..2` is not a number with a point.
        if self.rest().starts_with('.') && !self.rest().starts_with("..") {
            self.skip(1);
            self.take_while(|c| c.is_ascii_digit() || c == '_');
        }
        if self.rest().starts_with(['e', 'E']) {
            let sign = usize::from(self.rest()[1..].starts_with(['+', '-']));
            if self.rest()[1 + sign..].starts_with(|c: char| c.is_ascii_digit()) {
                self.skip(1 + sign);
                self.take_while(|c| c.is_ascii_digit() || c == '_');
            }
        }
        self.no_junk()
    }

    fn no_junk(&mut self) -> Result<Kind, Refused> {
        if self.rest().starts_with(starts_name) {
            return Err("it has letters right after a number or a parameter".into());
        }
        Ok(Kind::Value)
    }

    /// An operator ends where a comment begins in it.
    fn operator(&mut self) -> Kind {
        let run = self.rest();
        let run = &run[..run.find(|c| !is_operator(c)).unwrap_or(run.len())];
        let length = ["--", "/*"].iter().filter_map(|comment| run.find(comment)).min().unwrap_or(run.len());
        self.skip(length);
        Kind::Operator
    }
}

const UNTERMINATED: &str = "a string or a quoted name in it does not end";

/// Every character that is not ASCII is a letter to PostgreSQL, the no-break space included.
fn starts_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

fn continues_name(c: char) -> bool {
    starts_name(c) || c.is_ascii_digit() || c == '$'
}

fn is_operator(c: char) -> bool {
    "+-*/<>=~!@#%^&|`?".contains(c)
}

fn short(name: &str) -> Result<&str, Refused> {
    match name.len() {
        0 => Err("it has an empty name".into()),
        1..=LONGEST_NAME => Ok(name),
        _ => Err("it has a name longer than 63 bytes, which PostgreSQL cuts".into()),
    }
}
