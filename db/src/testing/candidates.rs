//! The values that a column may have: a list for each type, of which the first that the database takes is the one.

use super::{literal, tables::Column};

/// What the `CHECK`s of a column mention.
#[derive(Debug, Default)]
pub(super) struct Hints {
    texts: Vec<String>,
    numbers: Vec<i64>,
}

impl Hints {
    /// Takes the string and number literals of a definition.
    pub(super) fn add(&mut self, definition: &str) {
        let mut rest = definition;
        while let Some(at) = rest.find(|c: char| c == '\'' || c.is_ascii_digit()) {
            let tail = &rest[at..];
            if let Some(text) = tail.strip_prefix('\'') {
                let (text, after) = quoted(text);
                self.texts.push(text);
                rest = after;
            } else {
                let end = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
                let inside_name = rest[..at].ends_with(|c: char| c == '_' || c.is_alphanumeric());
                if let (false, Ok(number)) = (inside_name, tail[..end].parse::<i64>()) {
                    self.numbers.push(if rest[..at].ends_with('-') { -number } else { number });
                }
                rest = &tail[end..];
            }
        }
    }

    /// The numbers that are mentioned, and their neighbours.
    fn near(&self) -> impl Iterator<Item = i64> {
        self.numbers.iter().flat_map(|&number| [number, number.saturating_add(1), number.saturating_sub(1)])
    }

    /// The lengths that are mentioned.
    fn lengths(&self) -> impl Iterator<Item = usize> {
        self.near().filter_map(|number| usize::try_from(number).ok()).filter(|length| (1..=2000).contains(length))
    }
}

/// Splits the rest of a string literal into its text and what follows.
fn quoted(rest: &str) -> (String, &str) {
    let mut text = String::new();
    let mut rest = rest;
    while let Some((before, after)) = rest.split_once('\'') {
        text.push_str(before);
        match after.strip_prefix('\'') {
            Some(after) => {
                text.push('\'');
                rest = after;
            }
            None => return (text, after),
        }
    }
    (text + rest, "")
}

/// Returns SQL for the values of a column; other ones for each `serial`.
pub(super) fn candidates(column: &Column, hints: &Hints, serial: u32) -> Vec<String> {
    if column.kind == "e" {
        return column.labels.iter().map(|label| literal(label)).collect();
    }
    let marker = format!("iso{serial}");
    let all = match column.base.as_str() {
        "uuid" => vec!["pg_catalog.gen_random_uuid()".to_owned()],
        "bool" => literals(["true", "false"]),
        "int2" | "int4" | "int8" | "numeric" | "float4" | "float8" | "money" | "oid" => numbers(hints, serial),
        "text" | "varchar" | "bpchar" | "name" | "citext" => texts(column, hints, &marker, serial),
        "char" => literals(["a", "A", "1"]),
        "timestamptz" | "timestamp" | "date" => moments(hints, serial),
        "time" | "timetz" => vec![literal(&format!("12:00:{:02}.{serial:05}", serial % 60))],
        "interval" => vec![literal(&format!("{serial} minutes")), literal("1 day"), literal("0"), literal("-1 day")],
        "json" | "jsonb" => json(hints, &marker),
        "bytea" => bytes(hints, &marker),
        "inet" | "cidr" => vec![literal(&format!("10.{}.{}.1/32", serial / 250 % 250, serial % 250)), literal("::1")],
        "macaddr" => vec![literal(&format!("02:00:00:00:{:02x}:{:02x}", serial / 250 % 250, serial % 250))],
        "bit" | "varbit" => vec![literal(&"1".repeat(column.length.unwrap_or(1)))],
        "tsvector" | "xml" | "ltree" => vec![literal(&marker)],
        "point" => vec![literal(&format!("({serial},1)"))],
        "hstore" => vec![literal(&format!("a=>{marker}"))],
        _ => others(column, serial),
    };
    let mut unique: Vec<String> = Vec::with_capacity(all.len());
    for candidate in all {
        if !unique.contains(&candidate) {
            unique.push(candidate);
        }
    }
    unique
}

fn literals<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    texts.into_iter().map(literal).collect()
}

fn numbers(hints: &Hints, serial: u32) -> Vec<String> {
    let mut numbers = vec![i64::from(serial)];
    numbers.extend(hints.near());
    numbers.extend([1, 0, -1, 100, 1_000_000]);
    let mut all: Vec<_> = numbers.iter().map(|number| literal(&number.to_string())).collect();
    all.push(literal("0.5"));
    all
}

fn texts(column: &Column, hints: &Hints, marker: &str, serial: u32) -> Vec<String> {
    let mut texts = vec![marker.to_owned()];
    texts.extend(hints.texts.iter().cloned());
    for length in hints.lengths().chain(column.length) {
        texts.push(format!("{marker:x<length$}").chars().take(length).collect());
        // The part that differs last: where a prefix is the same for all.
        texts.push(format!("{serial:0>length$}"));
    }
    texts.extend([
        marker.to_uppercase(),
        format!("{marker}@example.test"),
        format!("https://{marker}.example.test/"),
        format!("{serial}"),
        format!("+4930{serial:07}"),
        format!("#{serial:06x}"),
        format!("/{marker}"),
        format!("{marker}.example.test"),
        format!("10.0.{}.{}", serial / 250 % 250, serial % 250),
        format!("00000000-0000-4000-8000-{serial:012x}"),
        format!("{serial:064x}"),
        format!("{serial:040x}"),
        format!("{serial:032x}"),
    ]);
    for fixed in
        ["a", "A", "1", "aa", "AA", "EUR", "de", "de-DE", "2030-01-01", "1.0.0", "12:00", "UTC", "{}", "[]", ""]
    {
        texts.push(fixed.to_owned());
    }
    let fits = |text: &String| column.length.is_none_or(|length| text.chars().count() <= length);
    texts.iter().filter(|text| fits(text)).map(|text| literal(text)).collect()
}

/// In the future first: what is over is often refused.
fn moments(hints: &Hints, serial: u32) -> Vec<String> {
    let mut all: Vec<_> = ["1 day", "2 days", "-1 day", "-2 days", "0 days", "400 days"]
        .map(|offset| format!("(pg_catalog.now() + interval '{offset}' + interval '{serial} seconds')"))
        .into();
    // A date has no seconds to differ by.
    all.insert(1, format!("(pg_catalog.now() + interval '{serial} days')"));
    all.extend(
        hints.texts.iter().filter(|text| text.starts_with(|c: char| c.is_ascii_digit())).map(|text| literal(text)),
    );
    all
}

fn json(hints: &Hints, marker: &str) -> Vec<String> {
    let mut all = vec![format!("{{\"note\": \"{marker}\"}}")];
    // Where a check asks for keys.
    let keys: Vec<_> = hints.texts.iter().map(|key| format!("{}: 1", serde_json::Value::from(key.as_str()))).collect();
    all.push(format!("{{{}}}", keys.join(", ")));
    all.extend(["{}", "[]", "[\"a\"]", "1", "\"a\"", "true", "null"].map(str::to_owned));
    all.iter().map(|text| literal(text)).collect()
}

fn bytes(hints: &Hints, marker: &str) -> Vec<String> {
    let of_length = |length: usize| {
        let repeats = length / 16 + 1;
        format!(
            "pg_catalog.substring(pg_catalog.decode(pg_catalog.repeat(pg_catalog.md5('{marker}'), {repeats}), 'hex'), 1, {length})"
        )
    };
    [32].into_iter().chain(hints.lengths()).chain([16, 20, 64, 12, 24, 8, 1, 0]).map(of_length).collect()
}

fn others(column: &Column, serial: u32) -> Vec<String> {
    match column.category.as_str() {
        "A" => literals(["{}", "{1}", "{a}", "{true}", "{00000000-0000-4000-8000-000000000001}"]),
        "R" => {
            let mut all = vec![format!("[{serial},{})", serial + 1)];
            all.push(format!(
                "[2030-01-01 00:{:02}:{:02},2030-01-01 00:{:02}:{:02})",
                serial / 60 % 60,
                serial % 60,
                serial / 60 % 60,
                serial % 60 + 1
            ));
            all.push("empty".to_owned());
            all.iter().map(|text| literal(text)).collect()
        }
        _ => literals(["1", "", "0", "{}", "()", "a", "(1,1)", "(1,1),(2,2)"]),
    }
}

#[cfg(test)]
mod tests {
    use super::Hints;

    #[test]
    fn hints_are_the_literals_of_a_check() {
        let mut hints = Hints::default();
        hints.add("CHECK ((status = ANY (ARRAY['a'::text, 'it''s'::text])) AND length(x_2) >= 10 AND y > -3)");
        assert_eq!(hints.texts, ["a", "it's"]);
        assert_eq!(hints.numbers, [10, -3]);
    }

    #[test]
    fn a_literal_with_no_end_is_taken_to_the_end() {
        let mut hints = Hints::default();
        hints.add("'abc");
        assert_eq!(hints.texts, ["abc"]);
    }
}
