//! The users and organizations that requests use.

use crate::organization::{Guest, Organization};
use functions::Operation;
use local::{Identity, Stack};
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

/// The service that adds members, sets plans and reports usage.
pub(crate) const SERVICE: &str = "service:load";

pub(crate) struct World {
    client: Client,
    url: String,
    identity: Identity,
    tokens: HashMap<String, String>,
    /// In numerical order.
    pub(crate) users: Vec<String>,
    /// The organizations that existed at the start.
    pub(crate) organizations: Vec<Arc<Organization>>,
    /// All others.
    later: Mutex<Vec<Arc<Organization>>>,
    /// Those of the others that no running request uses: the deleted ones, and those that are not deleted.
    idle: [Mutex<Vec<Arc<Organization>>>; 2],
    created: AtomicU64,
    guests: AtomicU64,
}

/// What a request is about.
#[derive(Clone, Copy, Default)]
pub(crate) struct About<'a> {
    pub(crate) user: Option<&'a str>,
    pub(crate) invitation: Option<&'a str>,
    pub(crate) query: &'a str,
}

impl World {
    /// Creates users and organizations through the API.
    pub(crate) async fn new(stack: &Stack, identity: Identity, users: u32, organizations: u32) -> Self {
        let users: Vec<String> = (0..users).map(|number| format!("auth0|{number:024}")).collect();
        let client = Client::builder().no_proxy().timeout(REQUEST_TIMEOUT).build().unwrap();
        let mut tokens: HashMap<_, _> =
            users.iter().map(|user| (user.clone(), identity.token(user, DAY))).collect();
        let service = identity.service_token(SERVICE.trim_start_matches("service:"), DAY);
        tokens.insert(SERVICE.to_owned(), service);
        let mut world = Self {
            client,
            url: stack.api_url.clone(),
            identity,
            tokens,
            users,
            organizations: Vec::new(),
            later: Mutex::default(),
            idle: Default::default(),
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
        let created = self.create(&team[0]).await?;
        let organization = Organization::new(created["id"].as_str().expect("an id"), team.to_vec());
        let team = team.into_iter().zip(["owner", "admin", "member"]).skip(1);
        let guests: Vec<Guest> = (0..GUESTS).map(|_| self.new_guest()).collect();
        let guests_roles = guests.iter().map(|guest| (guest.id.clone(), guest.role));
        for (user, role) in team.chain(guests_roles) {
            let body = json!({ "userId": user, "role": role });
            let about = About::default();
            self.ask(Operation::AddMember, &organization, about, SERVICE, Some(body)).await?;
            organization.changed();
        }
        guests.into_iter().for_each(|guest| organization.keep_guest(guest));
        Ok(organization)
    }

    /// A user that no organization has yet.
    pub(crate) fn new_guest(&self) -> Guest {
        let number = self.guests.fetch_add(1, Ordering::Relaxed);
        Guest { id: format!("guest|{number:024}"), role: "member" }
    }

    async fn create(&self, user: &str) -> Result<Value, String> {
        let number = self.created.fetch_add(1, Ordering::Relaxed);
        let body = json!({ "organizationName": format!("Organization {number}"), "domain": "acme.example" });
        self.send(Operation::CreateOrganization, "/organization", user, Some(body)).await
    }

    /// Creates an organization that later requests may delete and restore.
    pub(crate) async fn create_another(&self, user: &str) -> Result<(), String> {
        let created = self.create(user).await?;
        let id = created["id"].as_str().ok_or("an organization without an id")?;
        let organization = Arc::new(Organization::new(id, vec![user.to_owned()]));
        self.later.lock().unwrap().push(organization.clone());
        self.keep(organization, false);
        Ok(())
    }

    /// Takes an organization that is deleted or not, if there is one, so that only one request uses it.
    pub(crate) fn take(&self, is_deleted: bool) -> Option<Arc<Organization>> {
        self.idle[usize::from(is_deleted)].lock().unwrap().pop()
    }

    /// Returns an organization for reuse.
    pub(crate) fn keep(&self, organization: Arc<Organization>, is_deleted: bool) {
        self.idle[usize::from(is_deleted)].lock().unwrap().push(organization);
    }

    /// Sends a request about an organization and, if the path names one, a user or an invitation. Returns the
    /// body of the answer.
    pub(crate) async fn ask(
        &self,
        operation: Operation,
        organization: &Organization,
        about: About<'_>,
        caller: &str,
        body: Option<Value>,
    ) -> Result<Value, String> {
        let path = operation.path().replace("{organization_id}", &organization.id);
        let path = path.replace("{user_id}", &percent_encoded(about.user.unwrap_or_default()));
        let path = path.replace("{invitation_id}", about.invitation.unwrap_or_default());
        self.send(operation, &format!("{path}{}", about.query), caller, body).await
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
        request = match self.tokens.get(user) {
            Some(token) => request.bearer_auth(token),
            None => request.bearer_auth(self.identity.token(user, DAY)),
        };
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

    /// The expected organizations, by id.
    pub(crate) fn expected(&self) -> BTreeMap<String, invariants::Organization> {
        let later = self.later.lock().unwrap();
        let all = self.organizations.iter().chain(later.iter());
        all.map(|organization| (organization.id.clone(), organization.expected())).collect()
    }

    /// The expected totals of usage, by organization.
    pub(crate) fn used(&self) -> BTreeMap<String, u64> {
        let used = |organization: &Arc<Organization>| (organization.id.clone(), organization.used());
        self.organizations.iter().map(used).collect()
    }
}
