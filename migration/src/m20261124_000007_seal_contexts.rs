//! The seal on contexts, in a database that was made before there was one.
//!
//! In a database that is new all of it is there already, from the first migration on, as the contract is today's. So
//! there is nothing for `down` to take back: what uninstalls the contract takes the seal with it.

use entity::{
    Account, Invitation, Member, Organization, PersonalAccessToken, PlanStep, ResearchPlan, Session, User, Verification,
};
use sea_orm_migration::prelude::*;

use crate::{contract, protect, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let contract = contract()?;
        run(manager, contract.install(None)).await?;
        protect::<User>(manager, &contract).await?;
        protect::<Organization>(manager, &contract).await?;
        protect::<Session>(manager, &contract).await?;
        protect::<Account>(manager, &contract).await?;
        protect::<Verification>(manager, &contract).await?;
        protect::<Member>(manager, &contract).await?;
        protect::<Invitation>(manager, &contract).await?;
        protect::<ResearchPlan>(manager, &contract).await?;
        protect::<PlanStep>(manager, &contract).await?;
        protect::<PersonalAccessToken>(manager, &contract).await?;
        run(manager, contract.protect_membership()).await?;
        run(manager, contract.protect_tokens()).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
