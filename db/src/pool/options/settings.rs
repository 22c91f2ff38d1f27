//! What the server is told to set as a connection starts: `options` in the URL, and the environment variable `PGOPTIONS`.

/// The settings that contexts, their queries or the driver rely on: the role, whose policies hold, what a name means,
/// what a transaction is.
const RELIED_ON: [&str; 14] = [
    "role",
    "session_authorization",
    "row_security",
    "search_path",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "default_transaction_deferrable",
    "transaction_isolation",
    "transaction_read_only",
    "transaction_deferrable",
    "session_replication_role",
    "standard_conforming_strings",
    "client_encoding",
    "datestyle",
];

/// Returns what is wrong with the options that a server is sent.
pub(super) fn refusal(options: &str) -> Option<String> {
    let words = words(options);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let setting = match word.strip_prefix("--").or_else(|| word.strip_prefix("-c")) {
            Some("") => words.next().map(String::as_str),
            setting => setting,
        };
        let Some((name, _)) = setting.and_then(|setting| setting.split_once('=')) else {
            return Some("write each of its settings as `-c name=value`".to_owned());
        };
        // As PostgreSQL reads a name.
        let name = name.trim().replace('-', "_").to_lowercase();
        if RELIED_ON.contains(&name.as_str()) {
            return Some(format!("a context relies on `{name}`, which is not to be set there"));
        }
        // Those of a contract are of this kind.
        if name.contains('.') {
            return Some(
                "a setting with a dot in its name could be a context's, and is not to be set there".to_owned(),
            );
        }
    }
    None
}

/// Splits options into words, as PostgreSQL's `pg_split_opts` does.
fn words(options: &str) -> Vec<String> {
    let (mut words, mut word, mut escaped) = (Vec::new(), String::new(), false);
    for c in options.chars() {
        if escaped {
            word.push(c);
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c.is_ascii_whitespace() || c == '\u{b}' {
            words.push(std::mem::take(&mut word));
        } else {
            word.push(c);
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::refusal;

    #[test]
    fn what_a_context_relies_on_is_refused_however_it_is_written() {
        for options in [
            "-c role=app_tenant",
            "-crole=app_tenant",
            "--role=app_tenant",
            "-c ROLE=app_tenant",
            "-c statement_timeout=5s -c role=app_tenant",
            "-c\trole=app_tenant",
            r"-c r\ole=app_tenant",
            r"-c \r\o\l\e=app_tenant",
            "--session-authorization=postgres",
            "--row-security=off",
            "-c search_path=other",
            "--search-path=other",
            "-c default-transaction-isolation=serializable",
            "-c default_transaction_read_only=on",
            "-c app.user_id=x",
            "--app.organization-id=x",
            // Neither a name nor a value.
            "-c role",
            "role=app_tenant",
            "-S 1024",
            "-c",
            "-f n",
        ] {
            assert!(refusal(options).is_some(), "{options}");
        }
        for options in ["", "  ", "-c statement_timeout=5s", "--geqo=off -c work_mem=8MB", r"-c application_name=a\ b"]
        {
            assert_eq!(refusal(options), None, "{options}");
        }
    }
}
