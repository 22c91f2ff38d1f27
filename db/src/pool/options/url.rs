//! A database URL, read as libpq reads it.
//!
//! sqlx reads one as a web address: it refuses some that libpq takes, and ignores what it does not know.

use std::{borrow::Cow, fmt::Write, net::IpAddr};

type Why = Cow<'static, str>;

const UNENCODED: &str = "a character of the role, the password or the database has to be percent-encoded: `@` as %40, `:` as \
    %3A, `/` as %2F, `?` as %3F, `#` as %23, `%` as %25";
const SEVERAL: &str = "it names several hosts, of which one is supported";
const TLS_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// What a URL says: sqlx's parameters, of which a later one takes the place of an earlier one.
#[derive(Debug, Default)]
pub(super) struct DatabaseUrl {
    parameters: Vec<(String, String)>,
    /// How many statements a connection keeps prepared, where it says so.
    pub(super) statement_cache_capacity: Option<usize>,
}

impl DatabaseUrl {
    /// Reads a URL. What is wrong is said without a word of it, but for the name of a parameter.
    pub(super) fn parse(url: &str) -> Result<Self, Why> {
        let scheme = url.trim().split_once("://");
        let is_postgres =
            |scheme: &str| ["postgres", "postgresql"].iter().any(|name| scheme.eq_ignore_ascii_case(name));
        let Some((_, rest)) = scheme.filter(|(scheme, _)| is_postgres(scheme)) else {
            return Err("it does not start with postgres://".into());
        };
        let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        // What comes after an unencoded character of a password would be taken for a path or a parameter.
        if tail.contains(['@', '#']) {
            return Err(UNENCODED.into());
        }
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        let mut read = Self::default();
        let host = match authority.rsplit_once('@') {
            Some((who, host)) => {
                let (user, password) = who.split_once(':').unwrap_or((who, ""));
                read.set("user", decoded(user)?);
                read.set("password", decoded(password)?);
                host
            }
            None => authority,
        };
        read.authority(host)?;
        read.set("dbname", decoded(path.trim_start_matches('/'))?);
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').ok_or("a parameter has no value")?;
            read.parameter(&decoded(name)?, decoded(value)?)?;
        }
        // The name would not be what the server's certificate is compared with.
        if read.has("hostaddr") && read.has("host") {
            return Err("it has both `host` and `hostaddr`, of which one is supported".into());
        }
        Ok(read)
    }

    /// Returns the same as sqlx reads it.
    pub(super) fn to_sqlx(&self) -> String {
        let mut url = "postgres:///?".to_owned();
        for (name, value) in &self.parameters {
            encode(name, &mut url);
            url.push('=');
            encode(value, &mut url);
            url.push('&');
        }
        url
    }

    /// Returns the last value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().rfind(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn set(&mut self, name: &str, value: String) {
        if !value.is_empty() {
            self.parameters.push((name.to_owned(), value));
        }
    }

    /// Reads a host and a port: a name, an address, an IPv6 address in brackets, or a folder of sockets.
    fn authority(&mut self, text: &str) -> Result<(), Why> {
        if text.contains(',') {
            return Err(SEVERAL.into());
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => rest.split_once(']').ok_or("an IPv6 address ends with `]`")?,
            None => text.split_at(text.find(':').unwrap_or(text.len())),
        };
        if text.starts_with('[') && host.parse::<IpAddr>().is_err() {
            return Err("what is in brackets is no IPv6 address".into());
        }
        self.host(decoded(host)?)?;
        match port.strip_prefix(':') {
            Some(port) => self.port(&decoded(port)?),
            None if port.is_empty() => Ok(()),
            None => Err("a port follows `:`".into()),
        }
    }

    fn host(&mut self, host: String) -> Result<(), Why> {
        if host.contains(',') {
            return Err(SEVERAL.into());
        }
        self.set("host", host);
        Ok(())
    }

    fn port(&mut self, port: &str) -> Result<(), Why> {
        if port.contains(',') {
            return Err(SEVERAL.into());
        }
        if !port.is_empty() && !port.parse::<u16>().is_ok_and(|port| port > 0) {
            // An IPv6 address without brackets has ports of that kind, too.
            return Err(format!(
                "the port is no number from 1 to 65535; an IPv6 address is in brackets, and {UNENCODED}"
            )
            .into());
        }
        self.set("port", port.to_owned());
        Ok(())
    }

    fn parameter(&mut self, name: &str, value: String) -> Result<(), Why> {
        match name {
            "host" => return self.host(value),
            "port" => return self.port(&value),
            "hostaddr" if value.parse::<IpAddr>().is_err() => return Err("`hostaddr` is no IP address".into()),
            "sslmode" | "ssl-mode" if !TLS_MODES.iter().any(|mode| value.eq_ignore_ascii_case(mode)) => {
                return Err(format!("`sslmode` is none of {}", TLS_MODES.join(", ")).into());
            }
            "statement-cache-capacity" => {
                let capacity = value.parse().map_err(|_| "`statement-cache-capacity` is no number of statements")?;
                self.statement_cache_capacity = Some(capacity);
            }
            "hostaddr" | "dbname" | "user" | "password" | "application_name" | "options" => self.set(name, value),
            "sslmode" | "ssl-mode" => self.set("sslmode", value),
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" => self.set("sslrootcert", value),
            "sslcert" | "ssl-cert" => self.set("sslcert", value),
            "sslkey" | "ssl-key" => self.set("sslkey", value),
            _ if name.starts_with("options[") && name.ends_with(']') => self.set(name, value),
            "connect_timeout" => return Err("`connect_timeout` is `DbOptions::acquire_timeout` here".into()),
            // Left out, such as `channel_binding` or `sslcrl`, it would be believed to hold.
            _ => {
                let shown: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
                return Err(format!("the parameter `{shown}` is not supported").into());
            }
        }
        Ok(())
    }
}

/// Writes each byte as `%` and two digits.
fn encode(text: &str, url: &mut String) {
    for byte in text.bytes() {
        // Writing to a `String` does not fail.
        write!(url, "%{byte:02X}").ok();
    }
}

/// Decodes `%` and two digits. sqlx takes what is no such thing as it is.
fn decoded(text: &str) -> Result<String, Why> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return Err(UNENCODED.into()) };
        bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
    }
    // It would end the text in the message that opens a connection, and begin another.
    if bytes.contains(&0) {
        return Err("it has a NUL".into());
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".into())
}

#[cfg(test)]
mod tests {
    use super::DatabaseUrl;

    fn read(url: &str) -> String {
        let url = DatabaseUrl::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        ["user", "password", "host", "port", "dbname"].map(|name| url.get(name).unwrap_or("-")).join(" ")
    }

    #[test]
    fn it_is_read_as_libpq_reads_it() {
        for (url, expected) in [
            ("postgres://", "- - - - -"),
            ("postgres://app@", "app - - - -"),
            ("postgresql://app:pw@db.example:5433/x", "app pw db.example 5433 x"),
            ("POSTGRES://app@h/x", "app - h - x"),
            ("PostgreSQL://h", "- - h - -"),
            (" postgres://app@h/x\n", "app - h - x"),
            ("postgres://app@/x?host=/run/postgresql", "app - /run/postgresql - x"),
            ("postgres://app:pw@/x?host=%2Frun%2Fpostgresql&port=5433", "app pw /run/postgresql 5433 x"),
            ("postgres:///x?host=/tmp&user=app", "app - /tmp - x"),
            ("postgres://app@%2Frun%2Fpostgresql/x", "app - /run/postgresql - x"),
            ("postgres://app@%2Frun%2Fpostgresql:5433/x", "app - /run/postgresql 5433 x"),
            ("postgres://app@:5433/x", "app - - 5433 x"),
            ("postgres://app@h:/x", "app - h - x"),
            ("postgres://app@[::1]/x", "app - ::1 - x"),
            ("postgres://app@[fe80::1]:5433/x", "app - fe80::1 5433 x"),
            ("postgres://trovella-app:a%40b%3Ac%2Fd%3Fe%23f%25@h/x%2Dy", "trovella-app a@b:c/d?e#f% h - x-y"),
            ("postgres://trovella%2Dapp@h", "trovella-app - h - -"),
            ("postgres://app:a:b@h/x", "app a:b h - x"),
            ("postgres://app:p@ss@h/x", "app p@ss h - x"),
            ("postgres://app:pässwörd@h/x", "app pässwörd h - x"),
            ("postgres://app:a+b@h/x?password=c+d", "app c+d h - x"),
            ("postgres://:pw@h?user=app&dbname=x", "app pw h - x"),
            ("postgres://app@h/x?port=1&port=2&", "app - h 2 x"),
        ] {
            assert_eq!(read(url), expected, "{url}");
        }
        let capacity = |url| DatabaseUrl::parse(url).unwrap().statement_cache_capacity;
        assert_eq!(capacity("postgres://h?statement-cache-capacity=7"), Some(7));
        assert_eq!(capacity("postgres://h"), None);
    }

    #[test]
    fn what_is_wrong_is_said_and_not_quoted() {
        for (url, why) in [
            ("", "does not start with postgres://"),
            ("trovella", "does not start with postgres://"),
            ("mysql://app:hunter2@h/x", "does not start with postgres://"),
            ("postgres:/app:hunter2@h/x", "does not start with postgres://"),
            ("postgres://app:p@ss:w/hunter2#?%@h:5432/x", "percent-encoded"),
            ("postgres://app:12/hunter2@h/x", "percent-encoded"),
            ("postgres://app:hunter2/12@h/x", "percent-encoded"),
            ("postgres://app:hunter2#12@h/x", "percent-encoded"),
            ("postgres://app:hunter2?12@h/x", "percent-encoded"),
            ("postgres://app:a@b?hunter2=1@h/x", "percent-encoded"),
            ("postgres://app:hunter2#", "percent-encoded"),
            ("postgres://app:hunter2%@h/x", "percent-encoded"),
            ("postgres://app:hunter2%zz@h/x", "percent-encoded"),
            ("postgres://app:hunter2", "percent-encoded"),
            ("postgres://app:hunter2@h:99999/x", "from 1 to 65535"),
            ("postgres://app:hunter2@h:0/x", "from 1 to 65535"),
            ("postgres://app:hunter2@::1/x", "in brackets"),
            ("postgres://app:hunter2@[::1/x", "ends with `]`"),
            ("postgres://app:hunter2@[h]/x", "no IPv6 address"),
            ("postgres://app:hunter2@[::1]5432/x", "a port follows"),
            ("postgres://app:hunter2@h1,h2/x", "several hosts"),
            ("postgres://app:hunter2@h1:1,h2:2/x", "several hosts"),
            ("postgres://app:hunter2@/x?host=h1,h2", "several hosts"),
            ("postgres://app:hunter2@h/x?port=1,2", "several hosts"),
            ("postgres://app:hunter2@h/x?hostaddr=127.0.0.1", "both `host` and `hostaddr`"),
            ("postgres://app:hunter2@/x?hostaddr=h", "no IP address"),
            ("postgres://app:hunter2@h/x%00role%00app_tenant", "NUL"),
            ("postgres://app:%FFhunter2@h/x", "UTF-8"),
            ("postgres://app:hunter2@h/x?sslmode", "has no value"),
            ("postgres://app:hunter2@h/x?sslmode=on", "none of disable, allow, prefer"),
            ("postgres://app:hunter2@h/x?channel_binding=require", "`channel_binding` is not supported"),
            ("postgres://app:hunter2@h/x?connect_timeout=10", "acquire_timeout"),
            ("postgres://app:hunter2@h/x?statement-cache-capacity=-1", "no number of statements"),
            ("postgres://app:hunter2@h/x?statement-cache-capacity=", "no number of statements"),
            ("postgres://app:hunter2@h/x?statement-cache-capacity=99999999999999999999999", "no number of statements"),
        ] {
            let error = DatabaseUrl::parse(url).unwrap_err();
            assert!(error.contains(why) && !error.contains("hunter2"), "{url}: {error}");
        }
    }
}
