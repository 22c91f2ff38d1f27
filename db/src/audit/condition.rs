//! When two expressions of policies are the same.

/// An expression as it is compared: word for word, each bracket and cast included, as PostgreSQL writes it down.
///
/// What differs and means the same is taken away: white space, quotes around a name, the schema of the tables, and the
/// names that PostgreSQL gives to the columns of a subquery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition(Vec<String>);

impl Condition {
    /// Reads an expression about a table of this schema.
    pub(super) fn of(sql: &str, schema: &str) -> Self {
        let mut words = Vec::new();
        let mut tokens = Tokens(sql).peekable();
        while let Some(token) = tokens.next() {
            match token.as_str() {
                "as" => drop(tokens.next()),
                _ if token == schema && tokens.peek().is_some_and(|next| next == ".") => drop(tokens.next()),
                _ => words.push(token),
            }
        }
        Self(words)
    }

    /// Returns whether it lets every row through.
    pub(super) fn is_true(&self) -> bool {
        self.0 == ["true"]
    }
}

/// The tokens of an expression: names in lower case unless they are quoted, strings by their content.
struct Tokens<'a>(&'a str);

impl Iterator for Tokens<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let text = self.0.trim_start();
        let first = text.chars().next()?;
        let (token, rest) = if first == '"' || first == '\'' {
            quoted(text, first, false)
        } else if (first == 'E' || first == 'e') && text[1..].starts_with('\'') {
            quoted(&text[1..], '\'', true)
        } else if first.is_alphanumeric() || first == '_' {
            let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(text.len());
            (text[..end].to_lowercase(), &text[end..])
        } else if let Some(rest) = text.strip_prefix("::") {
            ("::".to_owned(), rest)
        } else {
            (first.to_string(), &text[first.len_utf8()..])
        };
        self.0 = rest;
        Some(token)
    }
}

/// Reads what stands in quotes, in which a doubled one is one; returns it with what follows. A string is distinguished
/// from a name by the quote before it.
fn quoted(text: &str, quote: char, escapes: bool) -> (String, &str) {
    let mut token = if quote == '\'' { "'".to_owned() } else { String::new() };
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == quote {
            if chars.next_if(|(_, next)| *next == quote).is_none() {
                return (token, &text[at + c.len_utf8()..]);
            }
        } else if escapes && c == '\\' {
            token.extend(chars.next().map(|(_, c)| c));
            continue;
        }
        token.push(c);
    }
    (token, "")
}

#[cfg(test)]
mod tests {
    use super::Condition;

    fn same(ours: &str, theirs: &str) -> bool {
        Condition::of(ours, "public") == Condition::of(theirs, "public")
    }

    #[test]
    fn an_expression_is_known_again_as_postgresql_writes_it() {
        assert!(same(r#"("organization_id" = app.f())"#, "(organization_id = app.f())"));
        assert!(same(
            r#"("id" IN (SELECT via."user_id" FROM "member" via WHERE (via."organization_id" = app.f())))"#,
            "(id IN ( SELECT via.user_id\n   FROM public.member via\n  WHERE (via.organization_id = app.f())))",
        ));
        assert!(same(
            r"CASE WHEN app.require(VARIADIC ARRAY[E'owner'::text, E'o''b\\'::text]) THEN true ELSE false END",
            r"
            CASE
                WHEN app.require(VARIADIC ARRAY['owner'::text, E'o''b\\'::text]) THEN true
                ELSE false
            END",
        ));
        assert!(same("(SELECT true WHERE app.g())", "( SELECT true AS bool\n  WHERE app.g())"));
    }

    /// The same words, and another meaning: each of these has opened a table.
    #[test]
    fn another_expression_is_another() {
        let ours = "((a = app.f()) AND ((SELECT true WHERE app.g()) IS NOT NULL))";
        for theirs in [
            "true",
            "((b = app.f()) AND ((SELECT true WHERE app.g()) IS NOT NULL))",
            "((a = other.f()) AND ((SELECT true WHERE app.g()) IS NOT NULL))",
            "(((a = app.f()) AND (SELECT true WHERE app.g())) IS NOT NULL)",
            "((a = app.f()) AND (SELECT true WHERE (app.g() IS NOT NULL)))",
            r#"((((a)::text)::"char" = ((app.f())::text)::"char") AND ((SELECT true WHERE app.g()) IS NOT NULL))"#,
            "(((a = app.f()) OR true) AND ((SELECT true WHERE app.g()) IS NOT NULL))",
        ] {
            assert!(!same(ours, theirs), "{theirs}");
        }
        assert!(!same("a = 'Owner'", "a = 'owner'") && !same(r#""A" = 1"#, "a = 1") && !same("a = 'b'", "a = b"));
    }
}
