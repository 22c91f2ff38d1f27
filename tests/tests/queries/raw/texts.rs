//! Texts at random: what a `SELECT` can hold, with functions and statements that it may not hold, in spellings that a
//! lexer may get wrong.

use super::{
    record::Function,
    words::{COLUMNS, ODD, OPERATORS, TABLES, TYPES, WORDS, WRITES},
};

pub(crate) struct Texts {
    random: fastrand::Rng,
    /// Of how many functions one is any of the server's, and not one of the set.
    pub(crate) strays: u32,
    functions: Vec<Function>,
    documented: Vec<usize>,
    /// Those that are not of PostgreSQL's own.
    own: Vec<usize>,
}

impl Texts {
    pub(crate) fn new(seed: u64, functions: Vec<Function>) -> Self {
        let names: std::collections::HashSet<_> = db::raw_functions().map(|(_, name)| name).collect();
        let documented =
            |function: &Function| function.schema == "pg_catalog" && names.contains(function.name.as_str());
        let documented = (0..functions.len()).filter(|at| documented(&functions[*at])).collect();
        let own = (0..functions.len()).filter(|at| functions[*at].schema != "pg_catalog").collect();
        Self { own, random: fastrand::Rng::with_seed(seed), strays: 6, functions, documented }
    }

    pub(crate) fn text(&mut self) -> String {
        let mut text = self.query(3);
        if self.chance(3) {
            for _ in 0..self.random.u8(1..4) {
                text = self.mutated(&text);
            }
        }
        text
    }

    fn chance(&mut self, of: u32) -> bool {
        self.random.u32(..of) == 0
    }

    fn pick(&mut self, of: &[&'static str]) -> &'static str {
        of[self.random.usize(..of.len())]
    }

    fn query(&mut self, depth: u8) -> String {
        if depth == 0 {
            return "SELECT 1 AS x".to_owned();
        }
        let (mut inner, depth) = (self.random.u8(..22), depth - 1);
        // What is refused in any place refuses the whole text: more often there is none of it.
        if inner >= 18 && !self.chance(4) {
            inner -= 18;
        }
        match inner {
            0 => format!("SELECT {}", self.expr(depth)),
            1 => format!("SELECT {} AS x FROM {}", self.expr(depth), self.source(depth)),
            2 => format!("SELECT points AS x FROM task WHERE {} IS NOT NULL", self.expr(depth)),
            3 => format!("SELECT points AS x FROM task ORDER BY {}", self.expr(depth)),
            4 => {
                format!("SELECT {} FROM task GROUP BY GROUPING SETS (({}), ())", self.expr(depth), self.pick(&COLUMNS))
            }
            5 => format!("SELECT DISTINCT ON ({}) {} AS x FROM task", self.expr(depth), self.expr(depth)),
            6 => format!("SELECT 1 AS x FROM task, LATERAL {} AS y", self.call(depth)),
            7 => format!("SELECT 1 AS x FROM ROWS FROM ({}, {}) AS y", self.call(depth), self.call(depth)),
            8 => format!(
                "SELECT {} OVER (PARTITION BY points ORDER BY {}) FROM task",
                self.call(depth),
                self.expr(depth)
            ),
            9 => format!(
                "SELECT count(*) FILTER (WHERE {} IS NULL) AS x FROM task HAVING {} IS NULL",
                self.expr(depth),
                self.expr(depth)
            ),
            10 => format!("({}) UNION ALL ({})", self.query(depth), self.query(depth)),
            11 => format!("WITH w (x) AS ({}) SELECT * FROM w", self.query(depth)),
            12 => {
                format!("WITH RECURSIVE w AS MATERIALIZED ({}) SELECT {} FROM w", self.query(depth), self.expr(depth))
            }
            13 => format!("VALUES ({}), ({})", self.expr(depth), self.expr(depth)),
            14 => format!(
                "SELECT title FROM {} JOIN {} AS y ON {} IS NULL",
                self.source(depth),
                self.source(depth),
                self.expr(depth)
            ),
            15 => format!("TABLE {}", self.pick(&TABLES)),
            16 => format!(
                "SELECT x FROM xmltable(({})::text PASSING '<a/>' COLUMNS x int DEFAULT ({} IS NULL)::integer)",
                self.expr(depth),
                self.expr(depth)
            ),
            17 => format!(
                "SELECT points FROM task LIMIT (SELECT 1 FROM (SELECT {}) AS y) OFFSET ({} IS NULL)::integer",
                self.expr(depth),
                self.expr(depth)
            ),
            18 => format!("WITH w AS ({}) SELECT 1 AS x FROM w", self.pick(&WRITES)),
            19 => format!("SELECT ({})", self.pick(&WRITES)),
            20 => format!("SELECT 1 AS x FROM (WITH w AS ({}) TABLE w) AS y", self.pick(&WRITES)),
            _ => self.pick(&WRITES).to_owned(),
        }
    }

    fn source(&mut self, depth: u8) -> String {
        match self.random.u8(..9) {
            0..=2 => self.pick(&TABLES).to_owned(),
            3 => format!("({}) AS y", self.query(depth)),
            4 => format!("{} AS z", self.call(depth)),
            5 => {
                format!("task TABLESAMPLE {}", if self.chance(2) { "system (50)".to_owned() } else { self.call(depth) })
            }
            _ => format!("{} WITH ORDINALITY AS z (a, b)", self.call(depth)),
        }
    }

    fn expr(&mut self, depth: u8) -> String {
        if depth == 0 {
            return if self.chance(2) { self.pick(&COLUMNS).to_owned() } else { self.pick(&WORDS[4..16]).to_owned() };
        }
        let depth = depth - 1;
        match self.random.u8(..20) {
            0..=6 => self.call(depth),
            7 => format!("{} {} {}", self.expr(depth), self.pick(&OPERATORS), self.expr(depth)),
            8 => format!("{}::{}", self.expr(depth), self.pick(&TYPES)),
            9 => format!("CAST({} AS {})", self.expr(depth), self.pick(&TYPES)),
            10 => format!("CASE WHEN {} IS NULL THEN {} END", self.expr(depth), self.expr(depth)),
            11 => format!("({})", self.query(depth)),
            12 => format!("EXISTS ({})", self.query(depth)),
            13 => format!("ARRAY[{}]", self.expr(depth)),
            14 => format!("{} {}", self.pick(&TYPES), self.pick(&["'a'", "'1'", "'task'", "'{}'"])),
            15 => format!("{} IS NULL AND 1 IN ({})", self.expr(depth), self.query(depth)),
            16 => format!("extract(epoch FROM {})", self.call(depth)),
            17 if self.chance(3) => self.pick(&WORDS).to_owned(),
            18 if self.chance(3) => format!("TREAT({} AS {})", self.expr(depth), self.name()),
            19 if self.chance(2) => format!("task.{}", self.name()),
            _ => self.expr(0),
        }
    }

    fn function(&mut self) -> Function {
        let at = if self.chance(self.strays * 5) {
            self.own[self.random.usize(..self.own.len())]
        } else if self.chance(self.strays) {
            self.random.usize(..self.functions.len())
        } else {
            self.documented[self.random.usize(..self.documented.len())]
        };
        self.functions[at].clone()
    }

    fn name(&mut self) -> String {
        let function = self.function();
        self.spelled(&function)
    }

    /// A name, in one of the ways that PostgreSQL reads it.
    fn spelled(&mut self, function: &Function) -> String {
        let Function { schema, name, .. } = function;
        let first = name.chars().next().map_or(0, |first| first as u32);
        let rest: String = name.chars().skip(1).collect();
        let elsewhere = schema != "pg_catalog" && schema != "public";
        match self.random.u8(..12) {
            0 => name.to_ascii_uppercase(),
            1 => format!("\"{name}\""),
            2 => format!("{schema}.{name}"),
            3 => format!("\"{schema}\" /* . */ . -- (\n {name}"),
            4 if self.chance(3) => format!("U&\"\\{first:04x}{rest}\""),
            5 if self.chance(3) => format!("U&\"!{first:04x}{rest}\" UESCAPE '!'"),
            6 => format!("{name} /* /* ( */ */ "),
            _ if elsewhere => format!("{schema}.{name}"),
            _ => name.clone(),
        }
    }

    /// A call with arguments of the types that the function takes.
    fn call(&mut self, depth: u8) -> String {
        let function = self.function();
        let spelled = self.spelled(&function);
        let mut arguments = Vec::new();
        for kind in &function.arguments {
            arguments.push(if depth > 1 && self.chance(8) { self.expr(depth - 1) } else { value_of(kind) });
        }
        let (arguments, kind) = (arguments.join(", "), function.kind.as_str());
        match kind {
            "a" if self.chance(3) => format!("{spelled}(DISTINCT {arguments})"),
            "a" if self.chance(4) => format!("{spelled}({arguments}) WITHIN GROUP (ORDER BY points)"),
            "w" => format!("{spelled}({arguments}) OVER ()"),
            _ => format!("{spelled}({arguments})"),
        }
    }

    fn mutated(&mut self, text: &str) -> String {
        let bounds: Vec<_> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let (a, b) = (self.random.usize(..bounds.len()), self.random.usize(..bounds.len()));
        let (a, b) = (bounds[a.min(b)], bounds[a.max(b)].min(text.len()));
        let odd = self.pick(&ODD);
        match self.random.u8(..8) {
            0 => format!("{}{}", &text[..a], &text[b..]),
            1 => format!("{}{}{}", &text[..b], &text[a..b], &text[b..]),
            2 => format!("{}{}{}{}", &text[..a], odd, &text[a..b], odd) + &text[b..],
            3 => text.replacen(' ', " /* ' */ ", 3),
            4 => text.replacen(' ', "\n--'\r", 2),
            5 => text.replacen('\'', odd, 1),
            6 => text.replacen(' ', odd, 1),
            _ => format!("{}{odd}{}", &text[..a], &text[a..]),
        }
    }
}

/// A constant of a type; `task` is the name of a table, and of no row.
fn value_of(kind: &str) -> String {
    match kind {
        "integer" | "bigint" | "smallint" | "numeric" | "double precision" | "real" | "oid" | "\"any\"" => {
            "1".to_owned()
        }
        "anyelement" | "anycompatible" | "anynonarray" => "1".to_owned(),
        "text" | "cstring" | "name" | "character" | "character varying" | "\"char\"" => "'a'".to_owned(),
        "anyarray" | "anycompatiblearray" => "ARRAY[1]".to_owned(),
        "record" => "ROW(1, 2)".to_owned(),
        "boolean" => "true".to_owned(),
        "regclass" => "'task'".to_owned(),
        "json" | "jsonb" => format!("'{{}}'::{kind}"),
        "date" | "timestamp with time zone" | "timestamp without time zone" => format!("'2020-01-01'::{kind}"),
        "internal" => "NULL".to_owned(),
        kind => format!("NULL::{kind}"),
    }
}
