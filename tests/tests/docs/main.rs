//! What the pages say is there, and what they say is not done has a test that shows it.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod limits;
mod seaorm;
mod words;
