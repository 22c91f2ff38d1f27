//! What a context is shown.

use serde_json::Value;

use crate::{
    scope::{ScopeDeclaration, SelectColumns},
    sql::quote,
    testing::{Result, fill::Line, literal, probe::Probe, session::Refused, subject::updates},
};

pub(super) async fn run(probe: &mut Probe<'_>, declared: &'static ScopeDeclaration) -> Result<()> {
    let read = Read::new(probe, declared);
    read.whole_rows(probe, declared).await?;
    read.counts(probe, declared).await?;
    read.copies(probe).await?;
    read.by_key(probe, declared).await?;
    read.through_leaks(probe).await
}

/// The columns that the scope reads, as one JSON object, and what they are in the context's own rows.
struct Read {
    columns: Vec<String>,
    object: String,
    own: Vec<String>,
}

impl Read {
    fn new(probe: &Probe<'_>, declared: &ScopeDeclaration) -> Self {
        let columns: Vec<String> = match declared.verbs.select {
            SelectColumns::Only(columns) => columns.iter().map(|&column| column.to_owned()).collect(),
            SelectColumns::All => probe.world.catalog.tables[probe.subject.table]
                .columns
                .iter()
                .map(|column| column.name.clone())
                .collect(),
        };
        let parts: Vec<_> = columns.iter().map(|column| format!("{}, t.{}", literal(column), quote(column))).collect();
        // A function takes a hundred arguments.
        let objects: Vec<_> =
            parts.chunks(50).map(|parts| format!("pg_catalog.jsonb_build_object({})", parts.join(", "))).collect();
        let object = objects.join(" || ");
        let mut read = Self { columns, object, own: Vec::new() };
        read.own = probe.own().iter().map(|line| read.project(line)).collect();
        read.own.sort_unstable();
        read
    }

    fn project(&self, line: &Line) -> String {
        let mut columns: Vec<_> =
            self.columns.iter().map(|column| (column.as_str(), line.get(column).unwrap_or(&Value::Null))).collect();
        columns.sort_unstable_by_key(|(column, _)| *column);
        columns.iter().map(|(column, value)| format!("{column}={value}")).collect::<Vec<_>>().join("; ")
    }

    async fn whole_rows(&self, probe: &mut Probe<'_>, declared: &ScopeDeclaration) -> Result<()> {
        let (object, table) = (&self.object, &probe.subject.sql);
        let plain = format!("SELECT ({object})::text FROM {table} t");
        let mut statements = vec![
            (plain.clone(), true),
            (format!("{plain} TABLESAMPLE BERNOULLI (100)"), true),
            (
                format!("SELECT pg_catalog.jsonb_array_elements(pg_catalog.jsonb_agg({object}))::text FROM {table} t"),
                true,
            ),
            (
                format!("SELECT ({object})::text FROM {table} t WHERE t IS NULL OR true"),
                declared.verbs.select == SelectColumns::All,
            ),
            // A lock takes the right to update.
            (format!("{plain} FOR UPDATE"), updates(declared) && declared.writers.is_empty()),
            (format!("{plain} FOR KEY SHARE"), updates(declared) && declared.writers.is_empty()),
        ];
        if declared.verbs.select != SelectColumns::All {
            statements.push((format!("SELECT pg_catalog.to_jsonb(t)::text FROM {table} t"), false));
            statements.push((format!("SELECT t::text FROM {table} t"), false));
        }
        for (sql, must_work) in statements {
            let answer = probe.answer(&sql).await?;
            let lines = match answer {
                Ok(done) => done.lines,
                Err(refused) if must_work => {
                    probe.outcome.refusal(declared.scope, "rows of one's own are not read", &refused.message);
                    continue;
                }
                Err(_) => continue,
            };
            let mut seen: Vec<String> = lines
                .iter()
                .map(|line| match serde_json::from_str::<Line>(line) {
                    Ok(line) if line.len() == self.columns.len() => self.project(&line),
                    // More columns than the scope reads.
                    _ => line.clone(),
                })
                .collect();
            seen.sort_unstable();
            let foreign = seen.iter().filter(|line| self.own.binary_search(line).is_err()).count();
            if foreign > 0 || seen.len() > self.own.len() {
                probe.outcome.breach(probe.scope, &format!("{foreign} rows of others are seen"), &sql);
            } else if must_work && seen != self.own {
                probe.outcome.refusal(declared.scope, "not all rows of one's own are seen", &sql);
            }
        }
        Ok(())
    }

    async fn counts(&self, probe: &mut Probe<'_>, declared: &ScopeDeclaration) -> Result<()> {
        let table = &probe.subject.sql;
        let expected = self.own.len();
        for sql in [
            format!("SELECT pg_catalog.count(*)::text FROM {table}"),
            format!("SELECT pg_catalog.sum(1)::text FROM {table}"),
        ] {
            match probe.answer(&sql).await? {
                Ok(done) => {
                    let counted = done.lines.first().and_then(|line| line.parse::<usize>().ok()).unwrap_or_default();
                    if counted > expected {
                        probe.outcome.breach(
                            probe.scope,
                            &format!("{counted} rows are counted, {expected} are its own"),
                            &sql,
                        );
                    } else if counted < expected {
                        probe.outcome.refusal(declared.scope, "not all rows of one's own are counted", &sql);
                    }
                }
                Err(refused) => probe.outcome.refusal(declared.scope, "rows are not counted", &refused.message),
            }
        }
        Ok(())
    }

    async fn copies(&self, probe: &mut Probe<'_>) -> Result<()> {
        let (world, subject) = (probe.world, probe.subject);
        let of = &world.catalog.tables[subject.table];
        let is_stored = |column: &&String| of.column(column).is_some_and(|column| !column.generated);
        let columns = self.columns.iter().filter(is_stored).map(|column| quote(column)).collect::<Vec<_>>().join(", ");
        for sql in [
            format!("COPY {} ({columns}) TO STDOUT", subject.sql),
            format!("COPY (SELECT {columns} FROM {}) TO STDOUT", subject.sql),
        ] {
            // Of its own, since sqlx 0.9.0 loses its place on a connection where a COPY is refused.
            let mut session = world.login(&probe.session.database).await?;
            session.run(&probe.message).await?;
            if session.copy_out(&sql).await?.is_ok_and(|rows| rows.lines().count() > self.own.len()) {
                probe.outcome.breach(probe.scope, "rows of others are copied", &sql);
            }
            drop(session);
        }
        Ok(())
    }

    async fn by_key(&self, probe: &mut Probe<'_>, declared: &ScopeDeclaration) -> Result<()> {
        let subject = probe.subject;
        for line in probe.foreign() {
            let is = subject.is(line, Some(declared));
            if is.is_empty() {
                break;
            }
            let sql = format!("SELECT 'seen' FROM {} WHERE {is}", subject.sql);
            if probe.answer(&sql).await?.is_ok_and(|done| !done.lines.is_empty()) {
                probe.outcome.breach(probe.scope, "a row of another is found by its key", &sql);
            }
        }
        Ok(())
    }

    /// A function that is not leakproof, and a cast, tell of the rows that they are shown: by an error.
    async fn through_leaks(&self, probe: &mut Probe<'_>) -> Result<()> {
        let table = &probe.subject.sql;
        let own: Vec<Value> = probe
            .own()
            .iter()
            .map(|line| {
                Value::Object(
                    line.iter()
                        .filter(|(column, _)| self.columns.contains(column))
                        .map(|(c, v)| (c.clone(), v.clone()))
                        .collect(),
                )
            })
            .collect();
        let mut statements = vec![format!(
            "SELECT 'seen' FROM {table} t WHERE isolation_probe.sees({}, {}::jsonb)",
            self.object,
            literal(&Value::Array(own.clone()).to_string())
        )];
        if let Some(column) = probe.subject.key.iter().rev().find(|column| self.columns.contains(column)) {
            let values: Vec<_> = own
                .iter()
                .filter_map(|line| line.get(column))
                .map(|value| literal(&value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
                .collect();
            let column = quote(column);
            statements.push(format!(
                "SELECT 'seen' FROM {table} t WHERE (CASE WHEN t.{column}::text IN ({}) THEN 0 \
                 ELSE ('isolation_probe ' || t.{column}::text)::integer END) = 0",
                values.join(", ")
            ));
        }
        for sql in statements {
            let told = |refused: &Refused| refused.message.contains("isolation_probe") && refused.code != "42501";
            if probe.answer(&sql).await?.is_err_and(|refused| told(&refused)) {
                probe.outcome.breach(probe.scope, "a filter is shown a row of another", &sql);
            }
        }
        Ok(())
    }
}
