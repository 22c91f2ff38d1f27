//! The picture: the tables and their foreign keys, as SVG that is part of the page.

mod place;
mod route;

use std::{collections::BTreeMap, fmt::Write};

use maud::{Markup, html};
use place::Grid;
use route::{Edge, Measures, Routes};

use super::{plain, short};
use crate::{
    audit::{AuditReport, AuditedForeignKey, AuditedTable},
    code::Severity,
};

/// How wide a character of a table's name is, and one of a scope's.
const NAME: usize = 9;
const WORD: usize = 8;
const BOX_HEIGHT: usize = 58;
const BAND: usize = 24;
/// A longer name is cut; it is whole in its title.
const LONGEST: usize = 24;
/// How round the lines turn.
const RADIUS: usize = 6;

/// Draws the tables of a report.
pub(super) fn picture(report: &AuditReport) -> Markup {
    let schema = report.only_schema();
    let numbers: BTreeMap<_, _> = report.tables.iter().enumerate().map(|(n, table)| (table.name.as_str(), n)).collect();
    let known = report.foreign_keys.iter().filter_map(|key| {
        let (&child, &parent) = (numbers.get(key.table.as_str())?, numbers.get(key.references.as_str())?);
        Some((key, Edge { child, parent, sound: key.carries_scope }))
    });
    let (keys, edges): (Vec<_>, Vec<_>) = known.unzip();
    let pairs: Vec<_> = edges.iter().map(|edge| (edge.child, edge.parent)).collect();
    let grid = Grid::new(report.tables.len(), &pairs);
    let measures = Measures { box_width: box_width(report, schema), box_height: BOX_HEIGHT };
    let routes = Routes::new(&grid, &edges, &measures);
    let unsound = edges.iter().filter(|edge| !edge.sound).count();
    // The unsound ones last, so that they are on top.
    let mut order: Vec<_> = (0..edges.len()).collect();
    order.sort_by_key(|&n| !edges[n].sound);
    html! {
        svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="picture-title picture-desc"
            width=(routes.width) height=(routes.height) viewBox={ "0 0 " (routes.width) " " (routes.height) } {
            title id="picture-title" { "The tables and their foreign keys" }
            desc id="picture-desc" {
                (report.tables.len()) " tables, each above those that point at it, and " (edges.len())
                " foreign keys, " (unsound) " of which do not carry their scope. The same is in the lists of the page."
            }
            @for n in order { (line(keys[n], &edges[n], &routes.lines[n])) }
            @for (n, table) in report.tables.iter().enumerate() {
                (table_box(report, table, schema, routes.corners[n], measures.box_width))
            }
        }
    }
}

fn box_width(report: &AuditReport, schema: Option<&str>) -> usize {
    let of = |table: &AuditedTable| {
        let name = short(&table.name, schema).chars().count().min(LONGEST);
        let scopes: usize = words(table).iter().map(|word| word.len() * WORD + 14).sum();
        (name * NAME + 28).max(scopes)
    };
    report.tables.iter().map(of).max().unwrap_or_default().max(136).next_multiple_of(2)
}

/// What is in the coloured band of a table: its scopes, or what else it is.
fn words(table: &AuditedTable) -> Vec<&'static str> {
    if table.scopes.is_empty() {
        return vec![if table.kind == "table" { "no scope" } else { table.kind }];
    }
    table.scopes.iter().map(|scope| scope.scope.as_str()).collect()
}

fn table_box(
    report: &AuditReport,
    table: &AuditedTable,
    schema: Option<&str>,
    (x, y): (usize, usize),
    width: usize,
) -> Markup {
    let words = words(table);
    let class = |word: &str| if table.scopes.is_empty() { "none".to_owned() } else { word.to_owned() };
    let all: usize = words.iter().map(|word| word.len() + 3).sum();
    let mut ends = vec![0];
    for word in &words {
        let last = ends.last().copied().unwrap_or_default();
        ends.push(last + (word.len() + 3) * width / all);
    }
    if let Some(last) = ends.last_mut() {
        *last = width;
    }
    let name = plain(short(&table.name, schema));
    let shown =
        if name.chars().count() > LONGEST { name.chars().take(LONGEST - 1).chain(['…']).collect() } else { name };
    let found = || report.findings.iter().filter(|finding| finding.object.table.as_ref() == Some(&table.name));
    let worst = found().map(|finding| finding.severity).max();
    html! {
        g.table transform={ "translate(" (x) " " (y) ")" } {
            title { (plain(&table.name)) ", " (table.kind) ": " (words.join(", ")) }
            rect.paper width=(width) height=(BOX_HEIGHT) rx="6" {}
            @for (n, word) in words.iter().enumerate() {
                @let (left, right) = (ends[n], ends[n + 1]);
                path class={ "band scope-" (class(word)) } d=(band(left, right, width)) {}
                text.word x=(usize::midpoint(left, right)) y=(BOX_HEIGHT - 8) { (word) }
            }
            text.name x=(width / 2) y="22" { (shown) }
            rect class={ "frame" @if worst == Some(Severity::Error) { " bad" } } width=(width) height=(BOX_HEIGHT) rx="6" {}
            @if let Some(worst) = worst {
                g.badge transform={ "translate(" (width - 4) " 2)" } {
                    title { (found().count()) " findings, the worst: " (worst) }
                    circle class={ "severity-" (worst) } r="12" {}
                    text y="5" { (found().count()) }
                }
            }
        }
    }
}

/// Draws a part of the band at the foot of a box, round where the box is.
fn band(left: usize, right: usize, width: usize) -> String {
    let (top, bottom) = (BOX_HEIGHT - BAND, BOX_HEIGHT);
    let (start, end) = (if left == 0 { RADIUS } else { 0 }, if right == width { RADIUS } else { 0 });
    format!(
        "M{left} {top}H{right}V{}Q{right} {bottom} {} {bottom}H{}Q{left} {bottom} {left} {}Z",
        bottom - end,
        right - end,
        left + start,
        bottom - start,
    )
}

fn line(key: &AuditedForeignKey, edge: &Edge, corners: &[(usize, usize)]) -> Markup {
    let (from, to) = (corners.last().copied().unwrap_or_default(), corners.first().copied().unwrap_or_default());
    html! {
        g class={ "key" @if !edge.sound { " unsound" } } {
            title { (in_words(key)) }
            path.line d=(path(corners)) {}
            path.arrow d={ "M" (to.0) " " (to.1 + 1) "l-5 8h10z" } {}
            circle.end cx=(from.0) cy=(from.1) r="3" {}
        }
    }
}

/// Says what a foreign key joins.
pub(super) fn in_words(key: &AuditedForeignKey) -> String {
    let AuditedForeignKey { name, table, columns, references, referenced_columns, carries_scope } = key;
    let scope = if *carries_scope { "" } else { ": does not carry its scope" };
    plain(&format!(
        "{name}, {table} ({}) → {references} ({}){scope}",
        columns.join(", "),
        referenced_columns.join(", ")
    ))
}

/// Turns corners into a path that is round there.
fn path(corners: &[(usize, usize)]) -> String {
    let mut path = String::new();
    for (n, &(x, y)) in corners.iter().enumerate() {
        // INVARIANT: writing to a `String` does not fail.
        let _: Result<(), _> = match (n.checked_sub(1).and_then(|before| corners.get(before)), corners.get(n + 1)) {
            (None, _) => write!(path, "M{x} {y}"),
            (_, None) => write!(path, "L{x} {y}"),
            (Some(&before), Some(&after)) => {
                let (enter, leave) = (towards((x, y), before), towards((x, y), after));
                write!(path, "L{} {}Q{x} {y} {} {}", enter.0, enter.1, leave.0, leave.1)
            }
        };
    }
    path
}

/// Goes from a corner some way to the next, at most half of it; they are in line.
fn towards((x, y): (usize, usize), other: (usize, usize)) -> (usize, usize) {
    let go = |from: usize, to: usize| {
        let step = (from.abs_diff(to) / 2).min(RADIUS);
        if to > from { from + step } else { from - step }
    };
    (go(x, other.0), go(y, other.1))
}
