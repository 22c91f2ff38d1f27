//! What SQL of one's own, in a genuine context, learns of other tenants without reading a row of theirs: what is closed
//! stays shut, and what PostgreSQL leaves open is as the docs say (`docs/side-channels.md`).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod counted;
mod explained;
mod indexes;
mod inside;
mod judged;
mod meeting;
mod others;
