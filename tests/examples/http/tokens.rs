//! A person's own tokens.

use axum::{
    Json,
    http::{HeaderName, StatusCode, header::CACHE_CONTROL},
};
use chrono::{DateTime, Utc};
use db::{
    axum::{JsonBody, PathParams, Problem, UserExtractor},
    prelude::*,
};
use entity::{create_pat, list_user_pats, personal_access_token, revoke_pat};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    answers::{Asked, Sent, ToOne},
    service::App,
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
struct Token {
    id: Uuid,
    name: String,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl From<personal_access_token::Model> for Token {
    fn from(token: personal_access_token::Model) -> Self {
        Self {
            id: token.id,
            name: token.name,
            created_at: token.created_at,
            last_used_at: token.last_used_at,
            expires_at: token.expires_at,
            revoked_at: token.revoked_at,
        }
    }
}

/// A token that was just made, with its secret: it is shown this once. No `Debug`, so that no log has it.
#[derive(Serialize, ToSchema)]
struct MadeToken {
    token: Token,
    secret: String,
}

/// What a new token is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object with a name")]
struct NewToken {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// When it ends; never unless told otherwise.
    #[serde(default)]
    expires_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct TokenPath {
    id: Uuid,
}

/// Lists one's own tokens, newest first, the revoked ones included.
#[utoipa::path(get, path = "/tokens", tag = "tokens", responses((status = 200, body = Vec<Token>), Asked))]
async fn list(user: UserExtractor) -> Result<Json<Vec<Token>>, Problem> {
    let tokens = user.read(async |cx| list_user_pats(cx).await).await?;
    Ok(Json(tokens.into_iter().map(Token::from).collect()))
}

/// Makes a token, and shows its secret this once.
#[utoipa::path(
    post, path = "/tokens", tag = "tokens", request_body = NewToken,
    responses((status = 201, body = MadeToken), Asked, Sent)
)]
async fn create(
    user: UserExtractor,
    JsonBody(new): JsonBody<NewToken>,
) -> Result<(StatusCode, [(HeaderName, &'static str); 1], Json<MadeToken>), Problem> {
    let (token, secret) = user.run(async |cx| create_pat(cx, &new.name, new.expires_at).await).await?;
    let made = MadeToken { token: token.into(), secret: secret.expose_secret().to_owned() };
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(made)))
}

/// Revokes a token.
#[utoipa::path(
    delete, path = "/tokens/{id}", tag = "tokens", params(("id" = Uuid, Path)),
    responses((status = 204), Asked, ToOne)
)]
async fn revoke(user: UserExtractor, PathParams(path): PathParams<TokenPath>) -> Result<StatusCode, Problem> {
    user.run(async |cx| revoke_pat(cx, path.id).await).await?;
    Ok(StatusCode::NO_CONTENT)
}
