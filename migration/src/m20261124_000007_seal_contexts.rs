//! The seal on contexts, in a database that was made before there was one.
//!
//! In a database that is new all of it is there already, from the first migration on, as the contract is today's. So
//! there is nothing for `down` to take back: what uninstalls the contract takes the seal with it.

use db::contract::Contract;
use entity::{
    Account, Invitation, Member, Organization, PersonalAccessToken, PlanStep, ResearchPlan, Session, User, Verification,
};
use sea_orm_migration::prelude::*;

use crate::{protect, run};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration {
    pub(crate) contract: Contract,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, self.contract.install(None)).await?;
        protect::<User>(manager, &self.contract).await?;
        protect::<Organization>(manager, &self.contract).await?;
        protect::<Session>(manager, &self.contract).await?;
        protect::<Account>(manager, &self.contract).await?;
        protect::<Verification>(manager, &self.contract).await?;
        protect::<Member>(manager, &self.contract).await?;
        protect::<Invitation>(manager, &self.contract).await?;
        protect::<ResearchPlan>(manager, &self.contract).await?;
        protect::<PlanStep>(manager, &self.contract).await?;
        protect::<PersonalAccessToken>(manager, &self.contract).await?;
        run(manager, self.contract.protect_membership()).await?;
        run(manager, self.contract.protect_tokens()).await
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
