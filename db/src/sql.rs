//! Names and values, as SQL.

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
