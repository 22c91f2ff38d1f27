//! What a context of a tenant was opened for.

use super::{OrganizationId, UserId};

/// What a [`Tenant`](super::Tenant) context was opened for; no user where the work is the system's own.
#[derive(Clone, Copy, Debug)]
#[expect(unnameable_types, reason = "sealed: what a context of this scope holds")]
pub struct TenantIds {
    pub(crate) organization: OrganizationId,
    pub(crate) user: Option<UserId>,
}
