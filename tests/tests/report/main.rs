//! What an audit has found, as text, JSON, SARIF and a page; and the command that says it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod browser;
mod chromium;
mod command;
mod escaping;
mod formats;
mod page;
mod sample;
mod text;
