//! The SeaORM entities. Private: outside of this crate there are only facades.
#![expect(missing_docs, reason = "a column is documented where its name does not say it all")]

pub(crate) mod account;
pub(crate) mod invitation;
pub(crate) mod member;
pub(crate) mod organization;
pub(crate) mod personal_access_token;
pub(crate) mod plan_step;
pub(crate) mod research_plan;
pub(crate) mod session;
pub(crate) mod user;
pub(crate) mod verification;
