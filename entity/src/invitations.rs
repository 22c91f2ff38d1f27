//! Invitations: how a person becomes a member.

use db::{Affected, Context, Result, Scope, ScopedTo, prelude::*};

use crate::{
    Invitation, Member, User,
    invitation::{Column, Draft, InvitationStatus, Model, Writable},
    member::{self, MemberRole},
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
/// `is_permission_denied` unless the context's member is an owner or an admin, for a role above their own, and in a
/// system context, which is nobody's; `is_check_violation` if it would have expired already;
/// `is_foreign_key_violation` if the member for whom the context was opened has left the organization since.
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
    require(open.exec(cx).await?, cx).await
}

/// Makes a person a member of the organization that has invited them, and returns it. Who is a member already stays
/// what they are.
///
/// Of two who try at once one succeeds. Five statements; if one of them fails, the answer is to be rolled back with it:
/// return the error.
///
/// # Errors
///
/// `is_not_found` if there is no such invitation, it is answered, withdrawn or expired, whoever made it could not make it
/// any more, or it is to another address than the person's, or to one that they have not proved to be theirs. The cases
/// are not told apart: that would say which invitations there are.
pub async fn accept_invitation(cx: &IdentityContext, who: &Authenticated, id: Uuid) -> Result<OrganizationId> {
    let open = open_for(cx, who, id).await?;
    let invitation = Invitation::find().filter(open.clone()).require_one(cx).await?;
    // In the order in which a removal locks them: the membership, and then the invitations that point at it.
    still_stands(cx, &invitation).await?;
    let made_by = Expr::col(Column::InviterId).eq(invitation.inviter_id);
    answer(cx, open.add(made_by), InvitationStatus::Accepted).await?;
    let membership = member::ScopeColumns { organization_id: invitation.organization_id, user_id: who.user_id() };
    let _new_or_not =
        Member::insert_into(membership, member::Draft { role: Set(invitation.role), ..Default::default() })
            .on_conflict_do_nothing_on([member::Column::OrganizationId, member::Column::UserId])
            .exec_without_returning(cx)
            .await?;
    Ok(invitation.organization_id)
}

/// Declines an invitation. Two statements.
///
/// # Errors
///
/// Those of [`accept_invitation`], but for who made it.
pub async fn decline_invitation(cx: &IdentityContext, who: &Authenticated, id: Uuid) -> Result<()> {
    answer(cx, open_for(cx, who, id).await?, InvitationStatus::Declined).await
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

/// Returns the condition that an invitation is open, and is for this person.
async fn open_for(cx: &IdentityContext, who: &Authenticated, id: Uuid) -> Result<Condition> {
    let user = User::find_by_id(who.user_id()).one(cx).await?;
    let proved = user.filter(|user| user.email_verified).map(|user| user.email.to_ascii_lowercase());
    Ok(Condition::all()
        .add(Column::Id.eq(id))
        .add(Column::Status.eq(InvitationStatus::Pending))
        .add(Expr::col(Column::ExpiresAt).gt(Expr::current_timestamp()))
        .add(ascii_lower(Column::Email).eq(proved)))
}

/// Answers the invitation for which the condition holds: another who answers at this moment waits, and PostgreSQL then
/// looks at the condition again.
async fn answer(cx: &IdentityContext, open: Condition, status: InvitationStatus) -> Result<()> {
    let answered = Invitation::update_many().set(Draft { status: Set(status), ..Default::default() }).filter(open);
    require(answered.exec(cx).await?, cx).await
}

/// Where no invitation was touched, says that there is none.
async fn require<S: Scope>(touched: Affected, cx: &Context<S>) -> Result<()>
where
    Invitation: ScopedTo<S>,
{
    match touched.rows_affected {
        0 => Invitation::find().filter(Expr::value(false)).require_one(cx).await.map(drop),
        _ => Ok(()),
    }
}

/// Folds A to Z alone, as [`str::to_ascii_lowercase`] does, whatever the database's locale: what another alphabet takes
/// for the same letter is another mailbox.
fn ascii_lower(column: Column) -> Expr {
    const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    Func::cust("translate").args([Expr::col(column), UPPER.into(), UPPER.to_ascii_lowercase().into()]).into()
}

/// An invitation stands while whoever made it could still make it: what a former admin has sent to a second address of
/// theirs is worth nothing. The lock keeps them what they are until the
/// end of the transaction.
async fn still_stands(cx: &IdentityContext, invitation: &Model) -> Result<()> {
    use member::Column;

    let inviters = [MemberRole::Owner, MemberRole::Admin].into_iter().filter(|role| *role <= invitation.role);
    Member::find()
        .filter(Column::OrganizationId.eq(invitation.organization_id))
        .filter(Expr::col(Column::UserId).eq(invitation.inviter_id))
        .filter(Column::Role.is_in(inviters))
        .lock_shared()
        .require_one(cx)
        .await
        .map(drop)
}
