//! Invitations: how a person becomes a member.

use db::{Authenticated, IdentityContext, OrganizationId, Result, TenantContext, prelude::*};
use sea_orm::sea_query::LockType;

use crate::{
    Invitation, User,
    invitation::{Column, Draft, InvitationStatus, Model, Writable},
    member::MemberRole,
    sign_up::join,
};

/// What a new invitation is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "parameters, made by the caller")]
pub struct NewInvitation {
    /// The address of the person, who has to prove that it is theirs before they can accept.
    pub email: String,
    /// The role that they are to have; not above that of whoever invites.
    pub role: MemberRole,
    /// Until when they may accept; in the future.
    pub expires_at: DateTimeUtc,
}

/// Invites a person to the organization of the context. One statement.
///
/// # Errors
///
/// `is_permission_denied` unless the context's member is an owner or an admin, and for a role above their own;
/// `is_check_violation` if it would have expired already; `is_foreign_key_violation` if the member for whom the context
/// was opened has left the organization since.
pub async fn invite(cx: &TenantContext, new: NewInvitation) -> Result<Model> {
    Invitation::insert(Draft {
        email: Set(new.email),
        role: Set(new.role),
        status: Set(InvitationStatus::Pending),
        expires_at: Set(new.expires_at),
        inviter_id: Set(cx.user_id()),
        ..Default::default()
    })
    .exec_with_returning(cx)
    .await
}

/// Takes an invitation of the organization of the context back. A second time is no error, and changes nothing.
///
/// # Errors
///
/// `is_permission_denied` unless the context's member is an owner or an admin; `is_not_found` if the organization has no
/// such invitation, it is answered or expired, or it is to a role above the member's own.
pub async fn withdraw_invitation(cx: &TenantContext, id: Uuid) -> Result<()> {
    let open = Invitation::update_many()
        .col_expr(Writable::Status, Expr::value(InvitationStatus::Withdrawn))
        .filter(Column::Id.eq(id))
        .filter(Column::Status.is_in([InvitationStatus::Pending, InvitationStatus::Withdrawn]));
    match open.exec(cx).await?.rows_affected {
        // None that is open: this says so.
        0 => Invitation::find().filter(Expr::value(false)).require_one(cx).await.map(drop),
        _ => Ok(()),
    }
}

/// Makes a person a member of the organization that has invited them, and returns it. Who is a member already stays
/// what they are.
///
/// Of two who try at once one succeeds. Four statements.
///
/// # Errors
///
/// `is_not_found` if there is no such invitation, it is answered, withdrawn or expired, or it is to another address than
/// the person's, or to one that they have not proved to be theirs. The cases are not told apart: that would say which
/// invitations there are.
pub async fn accept_invitation(cx: &IdentityContext, who: &Authenticated, id: Uuid) -> Result<OrganizationId> {
    let invitation = answer(cx, who, id, InvitationStatus::Accepted).await?;
    join_if_new(cx, who, &invitation).await?;
    Ok(invitation.organization_id)
}

/// Declines an invitation. Three statements.
///
/// # Errors
///
/// Those of [`accept_invitation`].
pub async fn decline_invitation(cx: &IdentityContext, who: &Authenticated, id: Uuid) -> Result<()> {
    answer(cx, who, id, InvitationStatus::Declined).await.map(drop)
}

/// Marks the invitations that nobody has answered in time as expired, and returns how many there were; for a job. They
/// could not be accepted before either.
///
/// # Errors
///
/// What PostgreSQL raises, such as a statement timeout.
pub async fn expire_invitations(cx: &IdentityContext) -> Result<u64> {
    let expired = Invitation::update_many()
        .col_expr(Writable::Status, Expr::value(InvitationStatus::Expired))
        .filter(Column::Status.eq(InvitationStatus::Pending))
        .filter(Expr::col(Column::ExpiresAt).lte(Expr::current_timestamp()))
        .exec(cx)
        .await?;
    Ok(expired.rows_affected)
}

/// Answers an invitation for the person that it is to.
async fn answer(cx: &IdentityContext, who: &Authenticated, id: Uuid, status: InvitationStatus) -> Result<Model> {
    let user = User::find_by_id(who.user_id()).one(cx).await?;
    let verified = user.filter(|user| user.email_verified).map(|user| user.email.to_lowercase());
    // The lock holds until the end of the transaction: another who answers at this moment waits for it, and PostgreSQL
    // then looks at the conditions again.
    let invitation = Invitation::find_by_id(id)
        .filter(Column::Status.eq(InvitationStatus::Pending))
        .filter(Expr::col(Column::ExpiresAt).gt(Expr::current_timestamp()))
        .filter(Func::lower(Expr::col(Column::Email)).eq(verified))
        .lock(LockType::Update)
        .require_one(cx)
        .await?;
    let answered = Draft { status: Set(status), ..Default::default() };
    Invitation::update_by_id(invitation.id, answered).exec(cx).await
}

async fn join_if_new(cx: &IdentityContext, who: &Authenticated, invitation: &Model) -> Result<()> {
    use crate::{Member, member::Column};

    let membership = Member::find()
        .filter(Column::OrganizationId.eq(invitation.organization_id))
        .filter(Column::UserId.eq(who.user_id()));
    if !membership.exists(cx).await? {
        join(cx, invitation.organization_id, who, invitation.role).await?;
    }
    Ok(())
}
