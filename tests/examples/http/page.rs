//! Pages by key.
//!
//! Keys ascend as rows are made, but between two processes only to the millisecond: a plan whose id sorts before the
//! cursor, since another process made it at that moment, is on no later page.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Which page is asked for.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// How many rows at most; 20 unless told otherwise.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 100)]
    #[serde(default)]
    pub(crate) limit: Limit,
    /// The `next` of the page before.
    #[param(value_type = Option<String>, pattern = "^[0-9a-f]{32}$")]
    pub(crate) after: Option<Cursor>,
}

/// How many rows a page has at most.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u64")]
pub(crate) struct Limit(u64);

impl Limit {
    pub(crate) fn rows(self) -> u64 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(20)
    }
}

impl TryFrom<u64> for Limit {
    type Error = &'static str;

    fn try_from(rows: u64) -> Result<Self, Self::Error> {
        if (1..=100).contains(&rows) { Ok(Self(rows)) } else { Err("a page has 1 to 100 rows") }
    }
}

/// Where a page ends. Opaque to clients: what is in it is not theirs to rely on.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = "^[0-9a-f]{32}$")]
pub(crate) struct Cursor(pub(crate) Uuid);

impl TryFrom<String> for Cursor {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let id = Uuid::try_parse(&text).ok().map(Self);
        // One spelling alone.
        id.filter(|cursor| cursor.to_string() == text).ok_or("not a `next` of this service")
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.to_string()
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}
