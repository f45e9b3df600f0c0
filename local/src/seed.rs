//! `cargo local seed`: creates demo organizations through the running API. Users join them as users do anywhere: an
//! owner invites them, and they accept. A service sets their plans and reports what they have used this month.

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
    /// The address and role of a pending invitation.
    invited: (&'static str, &'static str),
    max_overages: Option<u32>,
    /// What the plan allows.
    included_units: u32,
    max_members: Option<u32>,
    /// The units that the organization has used this month.
    used: u32,
}

const DEMO: [Demo; 3] = [
    Demo {
        name: "Acme",
        domain: Some("acme.example"),
        owner: "alice",
        members: &[("bob", "admin"), ("carol", "member")],
        invited: ("dave@acme.example", "member"),
        max_overages: Some(500),
        included_units: 1000,
        max_members: Some(10),
        used: 1200,
    },
    Demo {
        name: "Globex",
        domain: Some("globex.example"),
        owner: "bob",
        members: &[("alice", "member")],
        invited: ("erin@globex.example", "admin"),
        max_overages: Some(0),
        included_units: 100,
        max_members: None,
        used: 100,
    },
    Demo {
        name: "Initech",
        domain: None,
        owner: "carol",
        members: &[("alice", "owner")],
        invited: ("frank@initech.example", "member"),
        max_overages: None,
        included_units: 0,
        max_members: None,
        used: 40,
    },
];

/// Creates the demo data that is missing, and changes nothing else. Calls `print` with a line for each organization.
///
/// # Errors
/// [`Error::NoApi`] if nothing answers, [`Error::OtherIdentity`] if another instance answers,
/// [`Error::Seed`] if the API refuses a request.
pub(crate) async fn seed(api: &str, identity: &Identity, print: impl Fn(&str)) -> Result<(), Error> {
    let api = Api { url: api, identity, client: local::http_client() };
    for demo in DEMO {
        let organization = api.organization(&demo).await?;
        let id = text(&organization, "id");
        let path = format!("/organization/{id}");
        api.add_members(&demo, &path).await?;
        api.invite(&demo, &path).await?;
        if organization.get("maxOverages") != Some(&json!(demo.max_overages)) {
            let overages = Request::patch(&format!("{path}/max-overages"), demo.owner);
            api.send(overages.body(json!({ "maxOverages": demo.max_overages }))).await?;
        }
        api.set_plan(&demo, &path, &organization).await?;
        api.use_units(&demo, &path).await?;
        let members = demo.members.iter().map(|(user, role)| format!(", {user} {role}")).collect::<String>();
        let Demo { name, owner, invited: (invited, _), used, .. } = demo;
        print(&format!("{name:<8} {id}  {owner} owner{members}; {invited} invited; {used} units used"));
    }
    Ok(())
}

struct Api<'a> {
    url: &'a str,
    identity: &'a Identity,
    client: Client,
}

impl Api<'_> {
    /// The organization of that name and owner. Restores it if it is deleted, and creates it if there is none.
    async fn organization(&self, demo: &Demo) -> Result<Value, Error> {
        let find = async |list: &str| {
            let is_demo =
                |organization: &Value| organization["name"] == demo.name && organization["role"] == "owner";
            Ok::<_, Error>(self.list(list, demo.owner).await?.into_iter().find(is_demo))
        };
        if let Some(found) = find("/organization/list?limit=1000").await? {
            return Ok(found);
        }
        // Otherwise the same key would get the answer with the deleted one.
        if let Some(deleted) = find("/organization/list?limit=1000&deleted=true").await? {
            let path = format!("/organization/{}/restore", text(&deleted, "id"));
            return self.send(Request::post(&path, demo.owner)).await;
        }
        let new = json!({ "organizationName": demo.name, "domain": demo.domain });
        let create = Request::post("/organization", demo.owner).body(new);
        self.send(create.key(format!("cargo-local-seed-{}", demo.name))).await
    }

    /// Sends each non-member a link, and accepts it as that user.
    async fn add_members(&self, demo: &Demo, path: &str) -> Result<(), Error> {
        let members = self.list(&format!("{path}/member?limit=1000"), demo.owner).await?;
        for (user, role) in demo.members {
            if members.iter().any(|member| member["userId"] == *user) {
                continue;
            }
            let invite = Request::post(&format!("{path}/invitation"), demo.owner);
            let invitation = self.send(invite.body(json!({ "role": role, "expiresInDays": 1 }))).await?;
            let accept = Request::post("/invitation/accept", user);
            self.send(accept.body(json!({ "token": text(&invitation, "token") }))).await?;
        }
        Ok(())
    }

    /// Makes the pending invitation, unless there is one.
    async fn invite(&self, demo: &Demo, path: &str) -> Result<(), Error> {
        let path = format!("{path}/invitation");
        let (email, role) = demo.invited;
        let pending = self.list(&format!("{path}?limit=1000"), demo.owner).await?;
        if !pending.iter().any(|invitation| invitation["email"] == email) {
            let new = json!({ "email": email, "role": role, "expiresInDays": 30 });
            self.send(Request::post(&path, demo.owner).body(new)).await?;
        }
        Ok(())
    }

    /// Sets the plan of the organization, unless it has this one.
    async fn set_plan(&self, demo: &Demo, path: &str, organization: &Value) -> Result<(), Error> {
        let plan = json!({ "includedUnits": demo.included_units, "maxMembers": demo.max_members });
        let is_set =
            ["includedUnits", "maxMembers"].iter().all(|field| organization.get(field) == plan.get(field));
        if !is_set {
            self.send(Request::by_service(Method::PATCH, &format!("{path}/plan")).body(plan)).await?;
        }
        Ok(())
    }

    /// Reports usage, unless there is some this month.
    async fn use_units(&self, demo: &Demo, path: &str) -> Result<(), Error> {
        let path = format!("{path}/usage");
        let usage = self.send(Request::by_service(Method::GET, &path)).await?;
        if usage.get("used").and_then(Value::as_u64) == Some(0) {
            let report = Request::by_service(Method::POST, &path).body(json!({ "units": demo.used }));
            self.send(report).await?;
        }
        Ok(())
    }

    async fn list(&self, path: &str, user: &str) -> Result<Vec<Value>, Error> {
        let list = self.send(Request::new(Method::GET, path, user)).await?;
        Ok(list.as_array().cloned().unwrap_or_default())
    }

    /// Sends a request and returns the body of a successful answer.
    async fn send(&self, request: Request<'_>) -> Result<Value, Error> {
        let Request { method, path, sender, key, body } = request;
        let token = match sender {
            Sender::User(user) => self.identity.token(user, TOKEN_LIFETIME),
            Sender::Service => self.identity.service_token("cargo-local-seed", TOKEN_LIFETIME),
        };
        let mut http = self.client.request(method.clone(), format!("{}{path}", self.url)).bearer_auth(token);
        if let Some(key) = key {
            http = http.header("Idempotency-Key", key);
        }
        if let Some(body) = body {
            http = http.json(&body);
        }
        let unreachable = |_| Error::NoApi(self.url.to_owned());
        let response = http.send().await.map_err(unreachable)?;
        let status = response.status();
        let text = response.text().await.map_err(unreachable)?;
        if status.is_success() {
            return Ok(serde_json::from_str(&text).unwrap_or_default());
        }
        Err(match status {
            // The API trusts the key of another data directory.
            StatusCode::UNAUTHORIZED => Error::OtherIdentity(self.url.to_owned()),
            _ => Error::Seed { request: format!("{method} {path}"), status: status.as_u16(), answer: text },
        })
    }
}

/// Who sends a request.
enum Sender<'a> {
    User(&'a str),
    Service,
}

struct Request<'a> {
    method: Method,
    path: String,
    sender: Sender<'a>,
    key: Option<String>,
    body: Option<Value>,
}

impl<'a> Request<'a> {
    fn new(method: Method, path: &str, user: &'a str) -> Self {
        Self { method, path: path.to_owned(), sender: Sender::User(user), key: None, body: None }
    }

    fn by_service(method: Method, path: &str) -> Self {
        Self { method, path: path.to_owned(), sender: Sender::Service, key: None, body: None }
    }

    fn post(path: &str, user: &'a str) -> Self {
        Self::new(Method::POST, path, user)
    }

    fn patch(path: &str, user: &'a str) -> Self {
        Self::new(Method::PATCH, path, user)
    }

    fn key(self, key: String) -> Self {
        Self { key: Some(key), ..self }
    }

    fn body(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}
