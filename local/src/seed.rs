//! `cargo local seed`: organizations to look at, made through the API that runs.

use local::{Error, Identity};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

/// An organization, by name its owner's only one.
struct Demo {
    name: &'static str,
    domain: Option<&'static str>,
    owner: &'static str,
    /// With their roles.
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

/// Makes what is missing of the demo data, and tells of each organization in a line.
///
/// # Errors
/// [`Error::NoApi`] when nothing answers, [`Error::Seed`] when what answers is not this instance.
pub(crate) async fn seed(api: &str, identity: &Identity, say: impl Fn(&str)) -> Result<(), Error> {
    let api = Api { url: api, identity, client: local::http_client() };
    for demo in DEMO {
        let id = api.organization(&demo).await?;
        let path = format!("/organization/{id}");
        for (user, role) in demo.members {
            let member = json!({ "userId": user, "role": role });
            let key = None;
            // Who is a member already stays as they are.
            api.send(Method::POST, &format!("{path}/member"), demo.owner, key, Some(member), &[201, 409])
                .await?;
        }
        let overages = json!({ "maxOverages": demo.max_overages });
        api.send(Method::PATCH, &format!("{path}/max-overages"), demo.owner, None, Some(overages), &[200])
            .await?;
        let members = demo.members.iter().map(|(user, role)| format!(", {user} {role}")).collect::<String>();
        say(&format!("{:<8} {id}  {} owner{members}", demo.name, demo.owner));
    }
    Ok(())
}

struct Api<'a> {
    url: &'a str,
    identity: &'a Identity,
    client: Client,
}

impl Api<'_> {
    /// The id of that organization, which is created if its owner has none of that name.
    async fn organization(&self, demo: &Demo) -> Result<String, Error> {
        let list = self.send(Method::GET, "/organization/list", demo.owner, None, None, &[200]).await?;
        let of_name =
            |organization: &&Value| organization["name"] == demo.name && organization["role"] == "owner";
        let found = list.as_array().into_iter().flatten().find(of_name).map(|found| found["id"].clone());
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

    /// Sends a request in a user's name, and gives the answer if it has one of those statuses.
    async fn send(
        &self,
        method: Method,
        path: &str,
        user: &str,
        key: Option<&str>,
        body: Option<Value>,
        expected: &[u16],
    ) -> Result<Value, Error> {
        let token = self.identity.token(user, Duration::from_secs(600));
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
            // Another instance's key has signed what it takes.
            StatusCode::UNAUTHORIZED => Error::OtherIdentity(self.url.to_owned()),
            _ => Error::Seed { request: format!("{method} {path}"), status: status.as_u16(), answer: text },
        })
    }
}
