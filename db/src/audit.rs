//! The audit: whether the live database is as the code believes.
//!
//! [`Db::audit`](crate::Db::audit) looks as the login role; [`Audit`] as whoever holds a connection, such as the owner
//! in a migration program. Both only read.

mod code;
mod finding;
#[cfg(feature = "report")]
mod render;
mod report;

pub use code::Code;
pub use finding::{Finding, Object, ObjectKind, Severity};
pub use report::{Access, AuditReport, AuditedForeignKey, AuditedRole, AuditedScope, AuditedTable, Columns, Excepted};
