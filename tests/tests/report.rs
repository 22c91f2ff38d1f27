//! What an audit has found, as text, JSON, SARIF and a page; and the command that says it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "report/browser.rs"]
mod browser;
#[path = "report/chromium.rs"]
mod chromium;
#[path = "report/command.rs"]
mod command;
#[path = "report/escaping.rs"]
mod escaping;
#[path = "report/formats.rs"]
mod formats;
#[path = "report/page.rs"]
mod page;
#[path = "report/sample.rs"]
mod sample;
#[path = "report/text.rs"]
mod text;
