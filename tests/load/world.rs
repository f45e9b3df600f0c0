//! The users and organizations that requests use, and the changes that the requests have made.

use functions::Operation;
use local::Stack;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use shared::edge::percent_encoded;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::invariants;

/// Guests of an organization at the start.
const GUESTS: usize = 5;

/// Upper bound on the time of a request. It may have to wait for an instance to start.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

/// The lifetime of tokens, longer than any run.
const DAY: Duration = Duration::from_secs(86400);

pub(crate) struct World {
    client: Client,
    url: String,
    tokens: HashMap<String, String>,
    /// In numerical order.
    pub(crate) users: Vec<String>,
    /// The organizations that existed at the start.
    pub(crate) organizations: Vec<Arc<Organization>>,
    created: AtomicU64,
    guests: AtomicU64,
}

/// An organization. The roles of its owner, admin and member never change; guests come and go.
pub(crate) struct Organization {
    pub(crate) id: String,
    /// Owner, admin, member.
    pub(crate) team: [String; 3],
    /// Guests that no running request uses.
    guests: Mutex<Vec<Guest>>,
    /// The number of changes that were answered as done.
    changes: AtomicU64,
}

/// A member that requests may change and remove.
#[derive(Clone)]
pub(crate) struct Guest {
    pub(crate) id: String,
    pub(crate) role: &'static str,
}

impl Organization {
    /// Takes a guest, if there is one, so that only one request uses it.
    pub(crate) fn take_guest(&self) -> Option<Guest> {
        self.guests.lock().unwrap().pop()
    }

    /// Counts a change, and returns its guest for reuse.
    pub(crate) fn changed(&self, guest: Option<Guest>) {
        self.changes.fetch_add(1, Ordering::Relaxed);
        self.left(guest);
    }

    /// Returns a guest for reuse.
    pub(crate) fn left(&self, guest: Option<Guest>) {
        self.guests.lock().unwrap().extend(guest);
    }

    fn expected(&self) -> invariants::Organization {
        let guests = self.guests.lock().unwrap();
        let member = |(id, role): (&String, &str)| (id.clone(), role.to_owned());
        let team = self.team.iter().zip(["owner", "admin", "member"]);
        let guests = guests.iter().map(|guest| (&guest.id, guest.role));
        invariants::Organization {
            members: team.chain(guests).map(member).collect::<BTreeMap<_, _>>(),
            version: 1 + self.changes.load(Ordering::Relaxed),
        }
    }
}

impl World {
    /// Creates users and organizations through the API.
    pub(crate) async fn new(stack: &Stack, users: u32, organizations: u32) -> Self {
        let users: Vec<String> = (0..users).map(|number| format!("auth0|{number:024}")).collect();
        let client = Client::builder().no_proxy().timeout(REQUEST_TIMEOUT).build().unwrap();
        let token = |user: &String| (user.clone(), stack.identity.token(user, DAY));
        let mut world = Self {
            client,
            url: stack.api_url.clone(),
            tokens: users.iter().map(token).collect(),
            users,
            organizations: Vec::new(),
            created: AtomicU64::new(0),
            guests: AtomicU64::new(0),
        };
        for number in 0..organizations as usize {
            let team = [0, 1, 2].map(|place| world.users[(number + place) % world.users.len()].clone());
            let organization = world.organization(team).await.unwrap();
            world.organizations.push(Arc::new(organization));
        }
        world
    }

    async fn organization(&self, team: [String; 3]) -> Result<Organization, String> {
        let owner = team[0].clone();
        let created = self.create(&owner).await?;
        let id = created["id"].as_str().expect("an id").to_owned();
        let organization = Organization { id, team, guests: Mutex::default(), changes: AtomicU64::new(0) };
        let [_, admin, member] = &organization.team;
        let guests = (0..GUESTS).map(|_| self.new_guest());
        let guests: Vec<Guest> = guests.collect();
        let all = [(admin, "admin"), (member, "member")].into_iter();
        for (user, role) in all.chain(guests.iter().map(|guest| (&guest.id, guest.role))) {
            self.add(&organization, &owner, user, role).await?;
            organization.changed(None);
        }
        organization.guests.lock().unwrap().extend(guests);
        Ok(organization)
    }

    /// A user that no organization has yet.
    pub(crate) fn new_guest(&self) -> Guest {
        let number = self.guests.fetch_add(1, Ordering::Relaxed);
        Guest { id: format!("guest|{number:024}"), role: "member" }
    }

    pub(crate) async fn create(&self, user: &str) -> Result<Value, String> {
        let number = self.created.fetch_add(1, Ordering::Relaxed);
        let body = json!({ "organizationName": format!("Organization {number}"), "domain": "acme.example" });
        self.send(Operation::CreateOrganization, "/organization", user, Some(body)).await
    }

    async fn add(
        &self,
        organization: &Organization,
        caller: &str,
        user: &str,
        role: &str,
    ) -> Result<Value, String> {
        let body = json!({ "userId": user, "role": role });
        self.ask(Operation::AddMember, organization, None, caller, Some(body)).await
    }

    /// Sends a request about an organization and, if the path names one, a user. Returns the body of the
    /// answer.
    pub(crate) async fn ask(
        &self,
        operation: Operation,
        organization: &Organization,
        user: Option<&str>,
        caller: &str,
        body: Option<Value>,
    ) -> Result<Value, String> {
        let path = operation.path().replace("{organization_id}", &organization.id);
        let path = path.replace("{user_id}", &percent_encoded(user.unwrap_or_default()));
        self.send(operation, &path, caller, body).await
    }

    /// Sends a request. Returns the body of the answer if it is a success.
    async fn send(
        &self,
        operation: Operation,
        path: &str,
        user: &str,
        body: Option<Value>,
    ) -> Result<Value, String> {
        let method: Method = operation.method().parse().unwrap();
        let mut request = self.client.request(method.clone(), format!("{}{path}", self.url));
        request = request.bearer_auth(&self.tokens[user]);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let failed = |error: reqwest::Error| format!("{method} {path}: {error:?}");
        let response = request.send().await.map_err(failed)?;
        let status = response.status();
        let body = response.text().await.map_err(failed)?;
        if !status.is_success() {
            return Err(format!("{method} {path}: {status} {body}"));
        }
        serde_json::from_str(&body).map_err(|error| format!("{method} {path}: {error}: {body}"))
    }

    /// The expected content of the table for the organizations of the start, and the expected number of
    /// organizations.
    pub(crate) fn expected(&self) -> (BTreeMap<String, invariants::Organization>, u64) {
        let expected = |organization: &Arc<Organization>| (organization.id.clone(), organization.expected());
        (self.organizations.iter().map(expected).collect(), self.created.load(Ordering::Relaxed))
    }
}
