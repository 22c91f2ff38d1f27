//! Whom a context was opened for.

use sea_orm::{ActiveEnum, DbBackend, Statement};

use super::{Context, ReadOnly};
use crate::{OrganizationId, Result, Tenant, User, UserId, error::Kind};

impl Context<Tenant, ReadOnly> {
    /// Returns the organization whose context this is.
    #[must_use]
    pub fn organization_id(&self) -> OrganizationId {
        self.inner.ids.organization
    }

    /// Returns the member for whom the context was opened; `None` where the work is the system's own.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        self.inner.ids.user
    }

    /// Returns the role that the member had as the context was opened; `None` where the work is the system's own.
    ///
    /// It is for what a program shows and offers. What a member may write is the database's to say: see `writers` of
    /// [`tenant_scoped`](crate::tenant_scoped). The first call in a context is a round trip, the next are none.
    ///
    /// # Errors
    ///
    /// `is_rolled_back` if an earlier statement failed; an error that names the type if the role is none of `R`.
    pub async fn member_role<R: ActiveEnum<Value = String>>(&self) -> Result<Option<R>> {
        if self.user_id().is_none() {
            return Ok(None);
        }
        let known = &self.inner.member_role;
        if known.get().is_none() {
            let prefix = self.prefix();
            let sql = format!("SELECT {prefix}.sealed_member_role()");
            let rows = self.fetch_all(Statement::from_string(DbBackend::Postgres, sql)).await?;
            let role = rows.first().and_then(|row| row.try_get_by_index(0).ok());
            known.get_or_init(|| role.unwrap_or_default());
        }
        let role = known.get().cloned().unwrap_or_default();
        R::try_from_value(&role).map(Some).map_err(|_| Kind::UnknownRole(R::name().to_string()).into())
    }
}

impl Context<User, ReadOnly> {
    /// Returns the person whose context this is.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.inner.ids
    }
}
