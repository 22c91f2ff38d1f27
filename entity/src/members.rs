//! The members of an organization, as its own context sees them.

use db::{Result, TenantContext, TenantReader, UserId, prelude::*};

use crate::{
    Colleague, Member, colleague,
    member::{Column, Draft, MemberRole, Model},
};

/// Returns the members of the organization of the context, each with their name and address, the earliest first.
///
/// # Errors
///
/// What PostgreSQL raises, such as a statement timeout.
pub async fn list_members(cx: &TenantReader) -> Result<Vec<(Model, Option<colleague::Model>)>> {
    Member::find().find_also_related(Colleague).order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).all(cx).await
}

/// Gives a member of the organization of the context another role.
///
/// # Errors
///
/// `is_permission_denied` unless the context's member is an owner or an admin, and for a role above their own;
/// `is_not_found` if there is no such member, or one whose role is above the context's member's own; `is_last_owner` if
/// the organization would be left without an owner.
pub async fn change_member_role(cx: &TenantContext, user_id: UserId, role: MemberRole) -> Result<()> {
    let member = Member::find().filter(Column::UserId.eq(user_id)).require_one(cx).await?;
    Member::update_by_id(member.id, Draft { role: Set(role), ..Default::default() }).exec(cx).await.map(drop)
}

/// Removes a member from the organization of the context. A context that is open for them goes on to its end; another
/// does not open.
///
/// # Errors
///
/// `is_permission_denied` unless the context's member is an owner or an admin; `is_not_found` if there is no such
/// member, or one whose role is above the context's member's own; `is_last_owner` if the organization would be left
/// without an owner.
pub async fn remove_member(cx: &TenantContext, user_id: UserId) -> Result<()> {
    let member = Member::find().filter(Column::UserId.eq(user_id)).require_one(cx).await?;
    Member::delete_by_id(member.id).exec(cx).await
}
