//! The pool of connections, and what opens contexts on it.

mod db;
mod for_each_tenant;
mod health;
mod login;
mod open;
mod options;
mod progress;
mod reach;
mod retry;
mod single;

pub use self::{
    db::Db,
    for_each_tenant::{ForEachTenant, TenantFailure, TenantReport},
    health::{Health, HealthStatus},
    open::Open,
    options::{DbOptions, TlsMode},
    retry::Retry,
};
