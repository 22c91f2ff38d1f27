//! When two expressions of policies are the same.

/// An expression as it is compared: its words, without what PostgreSQL adds or leaves out as it writes one down.
///
/// Casts and the like are taken away, and brackets but for those of a subquery. That is enough to know one of the
/// contract's own expressions again: in those no other bracketing of the same words has a meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expression(Vec<String>);

impl Expression {
    /// Reads an expression about a table of this schema.
    pub(super) fn of(sql: &str, schema: &str) -> Self {
        let (mut words, mut open) = (Vec::new(), Vec::new());
        let mut tokens = Tokens(sql).peekable();
        while let Some(token) = tokens.next() {
            match token.as_str() {
                "(" => {
                    let is_subquery = tokens.peek().is_some_and(|next| next == "select");
                    open.push(is_subquery);
                    words.extend(is_subquery.then_some(token));
                }
                ")" => words.extend(open.pop().unwrap_or(false).then_some(token)),
                "[" | "]" | "variadic" | "array" => {}
                // The name that PostgreSQL gives to the column of a subquery.
                "as" => drop(tokens.next()),
                "::" => {
                    while tokens
                        .next_if(|next| next.starts_with(|c: char| c.is_alphabetic()) && !is_word(next))
                        .is_some()
                    {
                        // A qualified type: `pg_catalog.text`.
                        if tokens.next_if_eq(".").is_none() {
                            break;
                        }
                    }
                }
                // The schemas that a search path may have stood for.
                _ if (token == schema || token == "pg_catalog" || token == "public")
                    && tokens.peek().is_some_and(|next| next == ".") =>
                {
                    tokens.next();
                }
                _ => words.push(token),
            }
        }
        Self(words)
    }

    /// Whether it lets every row through.
    pub(super) fn is_true(&self) -> bool {
        self.0 == ["true"]
    }
}

/// A keyword that may follow a cast.
fn is_word(token: &str) -> bool {
    matches!(token, "and" | "or" | "in" | "is" | "then" | "else" | "end" | "when" | "from" | "where" | "not" | "as")
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

/// Reads what stands in quotes, in which a doubled one is one; returns it with what follows. A string is told from a name
/// by the quote before it.
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
    use super::Expression;

    fn same(ours: &str, theirs: &str) -> bool {
        Expression::of(ours, "public") == Expression::of(theirs, "public")
    }

    #[test]
    fn an_expression_is_known_again_as_postgresql_writes_it() {
        assert!(same(
            r#""organization_id" = app.current_organization_id()"#,
            "(organization_id = app.current_organization_id())"
        ));
        assert!(same(
            r#"("id") IN (SELECT via."user_id" FROM "member" via WHERE via."organization_id" = app.current_organization_id())"#,
            "(id IN ( SELECT via.user_id\n   FROM public.member via\n  WHERE (via.organization_id = app.current_organization_id())))",
        ));
        assert!(same(
            r#"CASE WHEN "id" = app.f() THEN CASE WHEN app.require_member_role(E'owner', E'o''b\\') THEN true ELSE false END ELSE false END"#,
            r"
            CASE
                WHEN (id = app.f()) THEN
                CASE
                    WHEN app.require_member_role(VARIADIC ARRAY['owner'::text, 'o''b\'::text]) THEN true
                    ELSE false
                END
                ELSE false
            END",
        ));
        assert!(same("a = app.f() AND (SELECT app.g())", "((a = app.f()) AND ( SELECT app.g() AS g))"));
        assert!(same("a = app.f()", "((a)::text = (app.f())::text)"));
    }

    #[test]
    fn another_expression_is_another() {
        for theirs in [
            "true",
            "b = app.f()",
            "a = app.g()",
            "a = app.f() OR true",
            "a <> app.f()",
            "'a' = app.f()",
            "a = other.f()",
        ] {
            assert!(!same("a = app.f()", theirs), "{theirs}");
        }
        // The same words, and the question is not asked any more.
        assert!(same(
            "a = f() AND (SELECT true WHERE g()) IS NOT NULL",
            "((a = f()) AND (( SELECT true AS bool WHERE g()) IS NOT NULL))"
        ));
        assert!(!same(
            "a = f() AND (SELECT true WHERE g()) IS NOT NULL",
            "((a = f()) AND ( SELECT true AS bool WHERE (g() IS NOT NULL)))"
        ));
        assert!(!same("a = 'Owner'", "a = 'owner'") && !same(r#""A" = 1"#, "a = 1"));
    }
}
