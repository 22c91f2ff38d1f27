//! Signing up: people, and the organizations that they found.

use db::{Authenticated, IdentityContext, OrganizationId, Result, UserId, prelude::*};

use crate::{
    Member, Organization, User,
    member::{self, MemberRole},
    organization, user,
};

/// What a new person is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "parameters, made by the caller")]
pub struct NewUser {
    /// Their name.
    pub name: String,
    /// Their e-mail address, which no other person has, however it is spelt.
    pub email: String,
    /// Whether they have proved that the address is theirs. Without it they can accept no invitation.
    pub email_verified: bool,
}

/// What a new organization is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "parameters, made by the caller")]
pub struct NewOrganization {
    /// Its name, of 1 to 100 characters.
    pub name: String,
    /// Its name in URLs, which no other organization has.
    pub slug: String,
}

/// Makes a person. One statement.
///
/// # Errors
///
/// `is_unique_violation` if there is a person with that address, in capital letters or not.
pub async fn create_user(cx: &IdentityContext, new: NewUser) -> Result<user::Model> {
    let draft = user::Draft {
        name: Set(new.name),
        email: Set(new.email),
        email_verified: Set(new.email_verified),
        ..Default::default()
    };
    User::insert_into(user::ScopeColumns { id: UserId::new() }, draft).exec_with_returning(cx).await
}

/// Makes an organization, and a person its first owner. Two statements; if the second fails, the transaction or the
/// savepoint is lost, so that no organization stays without an owner.
///
/// # Errors
///
/// `is_unique_violation` if the slug is taken; `is_check_violation` if the name is not of 1 to 100 characters.
pub async fn create_organization(
    cx: &IdentityContext,
    owner: &Authenticated,
    new: NewOrganization,
) -> Result<OrganizationId> {
    let id = OrganizationId::new();
    let draft = organization::Draft { name: Set(new.name), slug: Set(new.slug), ..Default::default() };
    Organization::insert_into(organization::ScopeColumns { id }, draft).exec(cx).await?;
    let membership = member::ScopeColumns { organization_id: id, user_id: owner.user_id() };
    Member::insert_into(membership, member::Draft { role: Set(MemberRole::Owner), ..Default::default() })
        .exec(cx)
        .await?;
    Ok(id)
}
