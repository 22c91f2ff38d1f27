//! An entity whose table the application has not: for what an audit says of one that is missing, or made anew.

use db::{OrganizationId, Registry, tenant_scoped};
use sea_orm::entity::prelude::*;

/// A remark of an organization's, about one of its members.
#[tenant_scoped]
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "note")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organization_id: OrganizationId,
    pub member_id: Option<Uuid>,
    pub body: String,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}

/// The application's own ten entities, without that one.
pub(crate) fn application() -> Registry {
    Registry::empty()
        .with::<entity::Account>()
        .with::<entity::Invitation>()
        .with::<entity::Member>()
        .with::<entity::Organization>()
        .with::<entity::PersonalAccessToken>()
        .with::<entity::PlanStep>()
        .with::<entity::ResearchPlan>()
        .with::<entity::Session>()
        .with::<entity::User>()
        .with::<entity::Verification>()
}
