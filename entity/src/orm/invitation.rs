//! A person who may become a member.

use db::{OrganizationId, UserId, identity_scoped, tenant_scoped};
use sea_orm::entity::prelude::*;

use super::member::MemberRole;

/// A person who may become a member of an organization, by their e-mail address. Its owners and admins make and withdraw
/// invitations, to no role above their own.
#[tenant_scoped(
    allow(select, insert, update(status)),
    writers("owner", "admin"),
    ranked = "role",
    accept(
        "unique-uuid-without-scope",
        on = "invitation_pkey",
        reason = "sign-in finds an invitation by its id alone, and an id is random: nobody guesses another's"
    )
)]
#[identity_scoped]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: OrganizationId,
    pub email: String,
    pub role: MemberRole,
    pub status: InvitationStatus,
    pub expires_at: DateTimeUtc,
    /// The member who made it; unset once they have left, and then it cannot be accepted any more.
    pub inviter_id: Option<UserId>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    #[sea_orm(belongs_to, from = "organization_id", to = "id")]
    pub organization: BelongsTo<super::organization::Entity>,
}

/// What has become of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum InvitationStatus {
    /// It waits for an answer.
    Pending,
    /// The person became a member.
    Accepted,
    /// The person does not want to.
    Declined,
    /// The organization took it back.
    Withdrawn,
    /// Nobody answered it in time.
    Expired,
}

impl ActiveModelBehavior for ActiveModel {}
