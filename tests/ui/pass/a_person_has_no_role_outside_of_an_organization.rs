//! A person has no role outside of the context of an organization.

use db::TenantContext;
use entity::member::MemberRole;

async fn role(cx: &TenantContext) -> db::Result<Option<MemberRole>> {
    cx.member_role().await
}

fn main() {}
