//! The members of an organization, and whom it has invited.

use axum::{Json, http::StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use db::{
    axum::{JsonBody, Problem, TenantExtractor},
    prelude::*,
};
use entity::{NewInvitation, invitation, invite, list_members};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    answers::{Asked, InOrganization, Sent},
    service::App,
    words::Role,
};

/// How long an invitation stands unless told otherwise.
const STANDS: TimeDelta = TimeDelta::days(7);

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(invite_person))
}

/// A member.
#[derive(Serialize, ToSchema)]
struct Member {
    user_id: Uuid,
    role: Role,
    name: Option<String>,
    email: Option<String>,
    since: DateTime<Utc>,
}

/// An invitation.
#[derive(Serialize, ToSchema)]
struct Invitation {
    id: Uuid,
    email: String,
    role: Role,
    expires_at: DateTime<Utc>,
}

impl From<invitation::Model> for Invitation {
    fn from(invitation: invitation::Model) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email,
            role: invitation.role.into(),
            expires_at: invitation.expires_at,
        }
    }
}

/// Who is to be invited, and as what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object with an email and a role")]
struct Invited {
    email: String,
    role: Role,
    /// Until when they may accept; for a week unless told otherwise.
    #[serde(default)]
    expires_at: Option<DateTime<Utc>>,
}

/// Lists the members, the earliest first.
#[utoipa::path(
    get, path = "/organizations/{organization_id}/members", tag = "members",
    params(("organization_id" = Uuid, Path)),
    responses((status = 200, body = Vec<Member>), Asked, InOrganization)
)]
async fn list(tenant: TenantExtractor) -> Result<Json<Vec<Member>>, Problem> {
    let members = tenant.read(async |cx| list_members(cx).await).await?;
    let members = members.into_iter().map(|(member, colleague)| {
        let (name, email) = colleague.map(|colleague| (colleague.name, colleague.email)).unzip();
        Member { user_id: member.user_id.0, role: member.role.into(), name, email, since: member.created_at }
    });
    Ok(Json(members.collect()))
}

/// Invites a person. It takes an owner or an admin, and a role that is not above their own.
#[utoipa::path(
    post, path = "/organizations/{organization_id}/invitations", tag = "members",
    params(("organization_id" = Uuid, Path)), request_body = Invited,
    responses((status = 201, body = Invitation), Asked, InOrganization, Sent)
)]
async fn invite_person(
    tenant: TenantExtractor,
    JsonBody(invited): JsonBody<Invited>,
) -> Result<(StatusCode, Json<Invitation>), Problem> {
    let new = NewInvitation {
        email: invited.email,
        role: invited.role.into(),
        expires_at: invited.expires_at.unwrap_or_else(|| Utc::now() + STANDS),
    };
    let invitation = tenant.run(async |cx| invite(cx, new).await).await?;
    Ok((StatusCode::CREATED, Json(invitation.into())))
}
