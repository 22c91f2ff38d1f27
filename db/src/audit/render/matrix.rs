//! The matrix: which role may do what to which table.

use maud::{Markup, html};

use super::{plain, short};
use crate::{
    ScopeKind,
    audit::{Access, AccessColumns, AuditReport, AuditedTable},
};

/// Writes the matrix of a report.
pub(super) fn matrix(report: &AuditReport) -> Markup {
    let groups = ScopeKind::ALL.map(Some).into_iter().chain([None]);
    let groups = groups.filter_map(|scope| {
        // A table is with the first of its scopes, and shows the others.
        let first = |table: &&AuditedTable| {
            ScopeKind::ALL.into_iter().find(|kind| table.scopes.iter().any(|scope| scope.scope == *kind)) == scope
        };
        let tables: Vec<_> = report.tables.iter().filter(first).collect();
        (!tables.is_empty()).then_some((scope, tables))
    });
    // The roles are written out, since a narrow screen lays the cells out as blocks, which takes their meaning away.
    html! {
        div.scroll role="region" tabindex="0" aria-labelledby="matrix" {
            table.matrix role="table" aria-labelledby="matrix" {
                thead role="rowgroup" {
                    tr role="row" {
                        th scope="col" role="columnheader" { "Table" }
                        @for role in &report.roles {
                            th scope="col" role="columnheader" {
                                span.mono { (plain(&role.name)) }
                                @match role.scope {
                                    Some(scope) => span class={ "chip scope-" (scope.as_str()) } { (scope.as_str()) },
                                    None => span.chip.scope-none { "login" },
                                }
                            }
                        }
                    }
                }
                @for (scope, tables) in groups {
                    tbody role="rowgroup" {
                        tr.group role="row" {
                            th scope="rowgroup" role="rowheader" colspan=(report.roles.len() + 1) {
                                @match scope {
                                    Some(scope) => { "Scope " (scope.as_str()) },
                                    None => "No scope",
                                }
                                span.count { (tables.len()) }
                            }
                        }
                        @for table in tables { (row(report, table)) }
                    }
                }
            }
        }
    }
}

fn row(report: &AuditReport, table: &AuditedTable) -> Markup {
    html! {
        tr role="row" {
            th scope="row" role="rowheader" {
                span.mono.strong { (plain(short(&table.name, report.only_schema()))) }
                @if table.kind != "table" { " " span.kind { (table.kind) } }
                span.chips {
                    @for scope in &table.scopes {
                        span class={ "chip scope-" (scope.scope.as_str()) } title=(plain(&scope.rows)) {
                            (scope.scope.as_str())
                        }
                    }
                    @if table.kind.ends_with("table") && table.kind != "foreign table" {
                        @if !table.row_security { span.flag.bad { "no RLS" } }
                        @else if !table.forced { span.flag.bad { "not forced" } }
                    }
                }
            }
            @for (n, role) in report.roles.iter().enumerate() {
                @match table.access.get(n) {
                    Some(access) => (cell(report, table, n, &role.name, access)),
                    None => td.none role="cell" data-role=(plain(&role.name)) { "?" },
                }
            }
        }
    }
}

fn cell(report: &AuditReport, table: &AuditedTable, n: usize, role: &str, access: &Access) -> Markup {
    let Access { select, insert, update, delete, others, rows } = access;
    let verbs = [("SELECT", select), ("INSERT", insert), ("UPDATE", update)];
    let nothing = verbs.iter().all(|(_, columns)| **columns == AccessColumns::None) && !delete && others.is_empty();
    if nothing {
        return html! { td.none role="cell" data-role=(plain(role)) { span.unseen { "nothing" } span aria-hidden="true" { "–" } } };
    }
    let unfiltered = report.is_unfiltered(table, n, access);
    let whole = if *delete { AccessColumns::All } else { AccessColumns::None };
    let some = verbs.into_iter().filter_map(|(verb, columns)| match columns {
        AccessColumns::Only(columns) => Some((verb, columns)),
        AccessColumns::None | AccessColumns::All => None,
    });
    let some: Vec<_> = some.collect();
    html! {
        td role="cell" data-role=(plain(role)) class=@if unfiltered { "open" } @else { "may" } {
            span.marks {
                @for (verb, columns) in verbs { (mark(verb, columns, table.columns)) }
                (mark("DELETE", &whole, table.columns))
                @for other in others { span.flag.bad { (plain(other)) } }
            }
            @if let Some(rows) = rows {
                span class=@if unfiltered { "rows bad" } @else { "rows" } { (plain(rows)) }
            }
            @if !some.is_empty() {
                details {
                    summary { "columns" span.unseen { " of " (plain(&table.name)) " for " (plain(role)) } }
                    dl {
                        @for (verb, columns) in some {
                            dt { (verb) " " (columns.len()) " of " (table.columns) }
                            dd.mono { (plain(&columns.join(", "))) }
                        }
                    }
                }
            }
        }
    }
}

/// One letter: full where all columns are meant, dashed where some are, a dot where none is.
fn mark(verb: &str, columns: &AccessColumns, of: usize) -> Markup {
    let letter = verb.get(..1).unwrap_or_default();
    html! {
        @match columns {
            AccessColumns::None => span.mark.no aria-hidden="true" { "·" },
            AccessColumns::Only(columns) => abbr.mark.some title={ (verb) ": " (columns.len()) " of " (of) " columns" } { (letter) },
            AccessColumns::All => abbr.mark.all title=(verb) { (letter) },
        }
    }
}
