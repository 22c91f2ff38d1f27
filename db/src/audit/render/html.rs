//! The report as a page.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{matrix::matrix, plain, sql::shown, style::STYLE, svg};
use crate::{
    ScopeKind,
    audit::{AuditReport, Finding},
    code::Severity,
};

impl AuditReport {
    /// Returns the report as a page: which role may do what to which table, as a matrix; the tables and their foreign
    /// keys, as a picture; the findings, the acceptances, and what was not looked at.
    ///
    /// It is one file that loads nothing and runs nothing: it says so itself, by a `Content-Security-Policy`. It has a
    /// light and a dark side, fits a phone, and can be printed. The same report gives the same page.
    #[must_use]
    pub fn to_html(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { "Audit of " (plain(&self.database)) }
                    // INVARIANT: it is a constant, and has no `</style`.
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    (self.header())
                    main {
                        section {
                            h2 id="matrix" { "Who may do what" }
                            (marks_in_words())
                            (matrix(self))
                        }
                        (self.picture_section())
                        (self.findings_section())
                        (self.exceptions_section())
                        (self.not_looked_at_section())
                    }
                    footer { "Made by the audit, which reads and changes nothing." }
                }
            }
        };
        page.into_string()
    }

    fn header(&self) -> Markup {
        html! {
            header.top {
                div {
                    p.kicker { "Tenant isolation audit" }
                    h1 { (plain(&self.database)) }
                    p.facts {
                        "PostgreSQL " (plain(&self.server_version)) ", looked at as "
                        span.mono { (plain(&self.looked_as)) }
                        @if let Some(schema) = self.only_schema() {
                            ", tables of schema " span.mono { (plain(schema)) }
                        }
                    }
                    nav aria-label="Parts of the report" {
                        a href="#matrix" { "Matrix" }
                        a href="#picture" { "Picture" }
                        a href="#findings" { "Findings" }
                        @if !self.accepted.is_empty() { a href="#acceptances" { "Accepted findings" } }
                        @if !self.not_looked_at.is_empty() { a href="#not-looked-at" { "Not looked at" } }
                    }
                }
                ul.counts {
                    @for severity in [Severity::Error, Severity::Warn, Severity::Info] {
                        @let count = self.with(severity).count();
                        li class=@if count > 0 { (format!("severity-{severity}")) } @else { "zero" } {
                            strong { (count) } " " (severity)
                        }
                    }
                    li.zero { strong { (self.accepted.len()) } " accepted" }
                }
            }
        }
    }

    fn picture_section(&self) -> Markup {
        html! {
            section {
                h2 id="picture" { "The tables and their foreign keys" }
                figure {
                    div.scroll.picture role="region" tabindex="0" aria-labelledby="picture" { (svg::picture(self)) }
                    figcaption {
                        ul.legend {
                            @for scope in ScopeKind::ALL {
                                li { span class={ "chip scope-" (scope.as_str()) } { (scope.as_str()) } }
                            }
                            li { span.chip.scope-none { "no scope" } }
                            li { span.swatch aria-hidden="true" {} "carries its scope" }
                            li { span.swatch.unsound aria-hidden="true" {} "does not carry its scope" }
                            li { span.dot aria-hidden="true" { "n" } "findings" }
                        }
                        @if !self.foreign_keys.is_empty() {
                            details {
                                summary { "The foreign keys as a list" }
                                ul.keys {
                                    @for key in &self.foreign_keys {
                                        li.mono class=@if key.carries_scope { "sound" } @else { "bad" } {
                                            (svg::in_words(key))
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn findings_section(&self) -> Markup {
        html! {
            section {
                h2 id="findings" { "Findings" span.count { (self.findings.len()) } }
                @if self.findings.is_empty() {
                    p.clean { "Nothing was found." }
                }
                @for finding in &self.findings { (article(finding, None)) }
            }
        }
    }

    fn exceptions_section(&self) -> Markup {
        html! {
            @if !self.accepted.is_empty() {
                section {
                    h2 id="acceptances" { "Accepted findings" span.count { (self.accepted.len()) } }
                    p.hint { "Found as well, and accepted in code." }
                    @for accepted in &self.accepted { (article(&accepted.finding, Some(&accepted.reason))) }
                }
            }
        }
    }

    fn not_looked_at_section(&self) -> Markup {
        html! {
            @if !self.not_looked_at.is_empty() {
                section {
                    h2 id="not-looked-at" { "Not looked at" span.count { (self.not_looked_at.len()) } }
                    ul.plain { @for sentence in &self.not_looked_at { li { (prose(sentence)) } } }
                }
            }
        }
    }
}

fn marks_in_words() -> Markup {
    html! {
        ul.legend {
            @for (letter, verb) in [("S", "read"), ("I", "insert"), ("U", "update"), ("D", "delete")] {
                li { span.mark.all aria-hidden="true" { (letter) } (verb) }
            }
            li { span.mark.some aria-hidden="true" { "S" } "some columns" }
            li { span.rows.bad { "all rows" } "nothing holds rows back" }
        }
    }
}

/// Writes a sentence whose names are between backticks.
fn prose(text: &str) -> Markup {
    let parts = text.split('`').enumerate();
    html! {
        @if text.matches('`').count().is_multiple_of(2) {
            @for (n, part) in parts {
                @if n % 2 == 1 { code.mono { (plain(part)) } } @else { (plain(part)) }
            }
        } @else {
            (plain(text))
        }
    }
}

/// One finding, with the reason where it is an acceptance.
fn article(finding: &Finding, reason: Option<&str>) -> Markup {
    let Finding { code, severity, object, message, repair } = finding;
    html! {
        article class={ "finding edge-" (severity) @if reason.is_some() { " accepted" } } {
            h3 {
                span class={ "pill severity-" (severity) } { (severity) }
                " " span.code { (code) }
            }
            p.object { (object.kind.as_str()) " " span.mono { (plain(&object.name)) }
                @if let Some(table) = object.table.as_ref().filter(|table| **table != object.name) {
                    " of " span.mono { (plain(table)) }
                }
            }
            p { (prose(message)) }
            @if let Some(reason) = reason {
                p.reason { strong { "Accepted: " } (plain(reason)) }
            } @else {
                @if repair.statements.is_empty() && !repair.advice.is_empty() { p.hint { "To be decided:" } }
                @if !repair.advice.is_empty() {
                    ul.plain { @for sentence in &repair.advice { li { (prose(sentence)) } } }
                }
                @if let Some(script) = repair.script() {
                    p.hint { "To repair it, read and run this; a click selects all of it." }
                    pre tabindex="0" { code { (shown(&script)) } }
                }
            }
        }
    }
}
