//! `cargo local seed`: creates demo organizations through the running API.

use local::{Error, Identity};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

/// Each request gets a fresh token, which needs to outlive that request only.
const TOKEN_LIFETIME: Duration = Duration::from_mins(10);

/// A demo organization. Assumes that its owner has no other organization with this name.
struct Demo {
    name: &'static str,
    domain: Option<&'static str>,
    owner: &'static str,
    /// Users and their roles.
    members: &'static [(&'static str, &'static str)],
    max_overages: Option<u32>,
}

const DEMO: [Demo; 3] = [
    Demo {
        name: "Acme",
        domain: Some("acme.example"),
        owner: "alice",
        members: &[("bob", "admin"), ("carol", "member")],
        max_overages: Some(500),
    },
    Demo {
        name: "Globex",
        domain: Some("globex.example"),
        owner: "bob",
        members: &[("alice", "member")],
        max_overages: Some(0),
    },
    Demo {
        name: "Initech",
        domain: None,
        owner: "carol",
        members: &[("alice", "owner")],
        max_overages: None,
    },
];

/// Creates the demo data that is missing. Calls `print` with a line for each organization.
///
/// # Errors
/// [`Error::NoApi`] if nothing answers, [`Error::OtherIdentity`] if another instance answers,
/// [`Error::Seed`] if the API refuses a request.
pub(crate) async fn seed(api: &str, identity: &Identity, print: impl Fn(&str)) -> Result<(), Error> {
    let api = Api { url: api, identity, client: local::http_client() };
    for demo in DEMO {
        let id = api.organization(&demo).await?;
        let path = format!("/organization/{id}");
        for (user, role) in demo.members {
            let member = json!({ "userId": user, "role": role });
            let key = None;
            // 409: the user is already a member.
            api.send(Method::POST, &format!("{path}/member"), demo.owner, key, Some(member), &[201, 409])
                .await?;
        }
        let overages = json!({ "maxOverages": demo.max_overages });
        api.send(Method::PATCH, &format!("{path}/max-overages"), demo.owner, None, Some(overages), &[200])
            .await?;
        let members = demo.members.iter().map(|(user, role)| format!(", {user} {role}")).collect::<String>();
        print(&format!("{:<8} {id}  {} owner{members}", demo.name, demo.owner));
    }
    Ok(())
}

struct Api<'a> {
    url: &'a str,
    identity: &'a Identity,
    client: Client,
}

impl Api<'_> {
    /// The id of the organization of that name and owner. Creates it if there is none.
    async fn organization(&self, demo: &Demo) -> Result<String, Error> {
        let list = self.send(Method::GET, "/organization/list", demo.owner, None, None, &[200]).await?;
        let is_demo =
            |organization: &&Value| organization["name"] == demo.name && organization["role"] == "owner";
        let found = list.as_array().into_iter().flatten().find(is_demo).map(|found| found["id"].clone());
        let id = match found {
            Some(id) => id,
            None => {
                let new = json!({ "organizationName": demo.name, "domain": demo.domain });
                let key = format!("cargo-local-seed-{}", demo.name);
                let created =
                    self.send(Method::POST, "/organization", demo.owner, Some(&key), Some(new), &[201]);
                created.await?.get("id").cloned().unwrap_or_default()
            }
        };
        Ok(id.as_str().unwrap_or_default().to_owned())
    }

    /// Sends a request as a user, and returns the body if the status is an expected one.
    async fn send(
        &self,
        method: Method,
        path: &str,
        user: &str,
        key: Option<&str>,
        body: Option<Value>,
        expected: &[u16],
    ) -> Result<Value, Error> {
        let token = self.identity.token(user, TOKEN_LIFETIME);
        let mut request =
            self.client.request(method.clone(), format!("{}{path}", self.url)).bearer_auth(token);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let unreachable = |_| Error::NoApi(self.url.to_owned());
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let text = response.text().await.map_err(unreachable)?;
        if expected.contains(&status.as_u16()) {
            return Ok(serde_json::from_str(&text).unwrap_or_default());
        }
        Err(match status {
            // The API trusts the key of another data directory.
            StatusCode::UNAUTHORIZED => Error::OtherIdentity(self.url.to_owned()),
            _ => Error::Seed { request: format!("{method} {path}"), status: status.as_u16(), answer: text },
        })
    }
}
