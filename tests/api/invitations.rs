//! Builders of invitations, and what tests read of them.

use crate::{
    client::{Request, Response, User},
    organizations::Organization,
};
use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

/// The fields of an invitation, but for the token and the URL in createInvitation's answer.
pub(crate) const INVITATION_FIELDS: [&str; 8] =
    ["id", "organizationId", "email", "role", "status", "invitedBy", "createdAt", "expiresAt"];

/// The prefix of a token.
pub(crate) const TOKEN_PREFIX: &str = "invt_";

pub(crate) const DAY: i64 = 24 * 60 * 60;

/// The text in this field of an object.
#[track_caller]
pub(crate) fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_else(|| panic!("no {field} in {object}"))
}

/// The timestamp in this field of an object, in seconds after 1970.
#[track_caller]
pub(crate) fn seconds(object: &Value, field: &str) -> i64 {
    DateTime::from_str(text(object, field), DateTimeFormat::DateTime).expect("RFC 3339").secs()
}

/// An invitation as answers other than createInvitation's show it.
pub(crate) fn without_secrets(mut invitation: Value) -> Value {
    let fields = invitation.as_object_mut().expect("an object");
    fields.remove("token").expect("a token");
    fields.remove("url");
    invitation
}

/// The token with its bytes changed: 16 of the organization, 16 of the invitation, and 32 of the secret.
pub(crate) fn with_bytes(token: &str, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = token_bytes(token);
    change(&mut bytes);
    format!("{TOKEN_PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// The bytes of a token.
pub(crate) fn token_bytes(token: &str) -> Vec<u8> {
    let encoded = token.strip_prefix(TOKEN_PREFIX).expect("a token");
    BASE64_URL_SAFE_NO_PAD.decode(encoded).expect("base64url")
}

/// Sends a request, and again while it conflicts with others.
pub(crate) async fn settled(request: impl Fn() -> Request) -> Response {
    for _ in 0..100 {
        let response = request().send().await;
        if response.status != 409 || response.expect(409)["code"] != "conflict" {
            return response;
        }
    }
    panic!("100 conflicts in a row");
}

/// Deletes an organization, until [`restore`].
pub(crate) async fn delete(owner: &User, organization: &Organization) {
    owner.delete(&organization.path).send().await.expect(200);
}

/// Restores a deleted organization.
pub(crate) async fn restore(owner: &User, organization: &Organization) {
    owner.request(Method::POST, format!("{}/restore", organization.path)).send().await.expect(200);
}

impl Organization {
    pub(crate) fn invitations(&self) -> String {
        format!("{}/invitation", self.path)
    }

    pub(crate) fn invitation(&self, id: &str) -> String {
        format!("{}/{id}", self.invitations())
    }
}

impl User {
    /// A request that invites to an organization.
    pub(crate) fn inviting(&self, organization: &Organization, body: Value) -> Request {
        self.post(organization.invitations(), body)
    }

    /// Makes an invitation. Returns it with its token.
    pub(crate) async fn invite(&self, organization: &Organization, body: Value) -> Value {
        self.inviting(organization, body).send().await.expect(201)
    }

    /// Makes an invitation without an address. Returns it with its token.
    pub(crate) async fn link(&self, organization: &Organization, role: &str) -> Value {
        self.invite(organization, json!({ "role": role })).await
    }

    pub(crate) fn revoking(&self, organization: &Organization, invitation: &Value) -> Request {
        self.delete(organization.invitation(text(invitation, "id")))
    }

    /// The ids of the pending invitations, in the order of the list.
    pub(crate) async fn pending(&self, organization: &Organization) -> Vec<String> {
        self.list(&organization.invitations(), "id").await
    }

    pub(crate) fn previewing(&self, invitation: &Value) -> Request {
        self.post("/invitation/preview", json!({ "token": invitation["token"] }))
    }

    pub(crate) fn accepting(&self, invitation: &Value) -> Request {
        self.post("/invitation/accept", json!({ "token": invitation["token"] }))
    }

    /// Accepts an invitation. Returns the member.
    pub(crate) async fn join(&self, invitation: &Value) -> Value {
        self.accepting(invitation).send().await.expect(201)
    }

    /// Asserts that the invitation's token is good for nothing.
    pub(crate) async fn expect_dead(&self, invitation: &Value) {
        for request in [self.previewing(invitation), self.accepting(invitation)] {
            request.send().await.expect_error(404, "invitation_not_found");
        }
    }
}
