//! The secret of a token is not displayed, so that no message has it by mistake.

use std::fmt::Debug;

fn shown() -> impl Debug {
    entity::Bearer::Token.new_secret()
}

fn main() {}
