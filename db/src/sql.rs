//! Names, values and statements, as SQL.

use sea_orm::{DbBackend, Statement, StatementBuilder, sea_query::Value};

/// Quotes an identifier.
pub(crate) fn quote(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// Quotes a string literal.
pub(crate) fn literal(text: &str) -> String {
    // `standard_conforming_strings` may be off; an `E''` string means the same either way.
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// Puts a text between dollar quotes that do not occur in it.
pub(crate) fn dollar_quoted(tag: &str, text: &str) -> String {
    let mut quote = format!("${tag}$");
    while text.contains(&quote) {
        quote.insert(1, '_');
    }
    format!("{quote}\n{text}\n{quote}")
}

/// Renders a statement.
pub(crate) fn build(statement: &impl StatementBuilder) -> Statement {
    DbBackend::Postgres.build(statement)
}

/// Checks that a value can be bound, and says what it is where it cannot. PostgreSQL has no integer beyond `bigint`, and
/// sea-query panics at one; and at an array of something else than it says, of arrays, or with a NULL among its values.
pub(crate) fn check_value(value: &Value) -> Result<(), &'static str> {
    match value {
        Value::BigUnsigned(Some(number)) if i64::try_from(*number).is_err() => {
            Err("a number that is larger than a `bigint`")
        }
        Value::Array(kind, Some(values)) => values.iter().try_for_each(|value| match value {
            Value::Array(..) => Err("an array of arrays, which sea-query cannot bind"),
            _ if value.array_type() != *kind => Err("an array of something else than it says"),
            _ if *value == value.as_null() => Err("an array with a NULL among its values, which sea-query cannot bind"),
            _ => check_value(value),
        }),
        _ => Ok(()),
    }
}

/// Wraps the body of a `DO` statement.
pub(crate) fn do_block(body: &str) -> String {
    format!("DO {}", dollar_quoted("contract", body))
}

#[cfg(test)]
mod tests {
    use super::{do_block, literal, quote};

    #[test]
    fn a_block_ends_where_it_should() {
        assert_eq!(do_block("a"), "DO $contract$\na\n$contract$");
        assert_eq!(do_block("'$contract$'"), "DO $_contract$\n'$contract$'\n$_contract$");
    }

    #[test]
    fn a_literal_ends_where_it_should() {
        assert_eq!(literal(r"o'brien\"), r"E'o''brien\\'");
    }

    #[test]
    fn an_identifier_ends_where_it_should() {
        assert_eq!(quote(r#"a"; --"#), r#""a""; --""#);
    }
}
