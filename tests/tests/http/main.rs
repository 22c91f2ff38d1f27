//! The service of `examples/http`, its very modules, driven over HTTP as two organizations at once.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../../examples/http/answers.rs"]
mod answers;
#[path = "../../examples/http/health.rs"]
mod health;
#[path = "../../examples/http/members.rs"]
mod members;
#[path = "../../examples/http/page.rs"]
mod page;
#[path = "../../examples/http/plans.rs"]
mod plans;
#[path = "../../examples/http/service.rs"]
mod service;
#[path = "../../examples/http/tokens.rs"]
mod tokens;
#[path = "../../examples/http/words.rs"]
mod words;

mod cancelling;
mod client;
#[path = "../faults/hasty.rs"]
mod hasty;
mod isolation;
mod own;
mod pages;
mod problems;
mod spans;
mod turned_away;
mod whole;
mod world;
