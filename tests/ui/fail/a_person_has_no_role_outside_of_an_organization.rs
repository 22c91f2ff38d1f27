//! A person has no role outside of the context of an organization.

use db::UserContext;
use entity::member::MemberRole;

async fn role(cx: &UserContext) -> db::Result<Option<MemberRole>> {
    cx.member_role().await
}

fn main() {}
