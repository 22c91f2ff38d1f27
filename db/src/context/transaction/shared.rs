//! What the connections of one pool have in common.

use std::sync::{Arc, atomic::AtomicU32};

use super::handover::Handover;
use crate::context::outdated::Outdated;

/// What the connections of one pool have in common.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// How many connections contexts and health checks hold.
    pub(crate) in_use: AtomicU32,
    pub(crate) outdated: Outdated,
    pub(crate) handover: Arc<Handover>,
}
