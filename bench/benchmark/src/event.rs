//! Events that the subjects answer with success, and the data that this takes.

use crate::subject::{GET_ORGANIZATION, NOOP, PLAIN, Subject, TEMPLATE};
use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::{Map, Value, json};
use shared::model::{ExpectedVersion, NewOrganization, OrganizationId, OrganizationName, Role, UserId};
use shared::store::Store;

/// An event as API Gateway sends it, from which all others are made.
const EVENT: &str = include_str!("../../../tests/events/get-organization.json");
/// A listed organization's members, its owner not counted.
const MEMBERS: usize = 4;

/// Makes one subject's events, each valid after the others were answered.
pub(crate) struct Events {
    operation: Operation,
    owner: UserId,
    organization: OrganizationId,
    store: Store,
    made: usize,
}

#[derive(Debug, Clone, Copy)]
enum Operation {
    AddMember,
    CreateOrganization,
    GetOrganization,
    ListMembers,
    ListOrganizations,
    RemoveMember,
    SetMaxOverages,
    UpdateMember,
    UpdateOrganization,
}

impl Events {
    /// For this subject, with an organization of its own.
    pub(crate) async fn of(subject: &Subject, store: Store) -> Result<Self> {
        let operation = match &*subject.kind {
            "add-member" => Operation::AddMember,
            "create-organization" => Operation::CreateOrganization,
            GET_ORGANIZATION | NOOP | TEMPLATE | PLAIN => Operation::GetOrganization,
            "list-members" => Operation::ListMembers,
            "list-organizations" => Operation::ListOrganizations,
            "remove-member" => Operation::RemoveMember,
            "set-max-overages" => Operation::SetMaxOverages,
            "update-member" => Operation::UpdateMember,
            "update-organization" => Operation::UpdateOrganization,
            kind => bail!("the benchmark has no event for {kind}: add one to {}", file!()),
        };
        let owner = user(&format!("owner-of-{}", subject.name))?;
        let name = OrganizationName::parse("Acme").map_err(|_| anyhow!("Acme is no name any more"))?;
        let created = store.create_organization(&owner, NewOrganization { name, domain: None }, None).await;
        let organization = created.map_err(prepare)?.id;
        let events = Self { operation, owner, organization, store, made: 0 };
        match operation {
            Operation::ListMembers => {
                for member in 0..MEMBERS {
                    events.add(&format!("member-{member}")).await?;
                }
            }
            Operation::UpdateMember => events.add("member").await?,
            _ => {}
        }
        Ok(events)
    }

    /// The next event.
    pub(crate) async fn next(&mut self) -> Result<String> {
        self.made += 1;
        let made = self.made;
        let owner = self.owner.as_str().to_owned();
        let organization = "/organization/{organization_id}";
        let members = "/organization/{organization_id}/member";
        let member = "/organization/{organization_id}/member/{user_id}";
        match self.operation {
            Operation::AddMember => {
                self.event("POST", members, &owner, None, Some(json!({ "userId": format!("user-{made}") })))
            }
            Operation::CreateOrganization => {
                // A new owner each time: one who had thousands would be no usual one.
                let body = json!({ "organizationName": "Acme", "domain": "acme.example" });
                self.event("POST", "/organization", &format!("founder-{made}"), None, Some(body))
            }
            Operation::GetOrganization => self.event("GET", organization, &owner, None, None),
            Operation::ListMembers => self.event("GET", members, &owner, None, None),
            Operation::ListOrganizations => self.event("GET", "/organization/list", &owner, None, None),
            Operation::RemoveMember => {
                let leaver = format!("user-{made}");
                self.add(&leaver).await?;
                self.event("DELETE", member, &owner, Some(&leaver), None)
            }
            Operation::SetMaxOverages => {
                let path = "/organization/{organization_id}/max-overages";
                self.event("PATCH", path, &owner, None, Some(json!({ "maxOverages": made })))
            }
            Operation::UpdateMember => {
                let role = if made.is_multiple_of(2) { "member" } else { "admin" };
                self.event("PATCH", member, &owner, Some("member"), Some(json!({ "role": role })))
            }
            Operation::UpdateOrganization => {
                let body = json!({ "name": format!("Acme {made}") });
                self.event("PUT", organization, &owner, None, Some(body))
            }
        }
    }

    async fn add(&self, member: &str) -> Result<()> {
        let (member, any) = (user(member)?, ExpectedVersion::Any);
        let added = self.store.add_member(&self.owner, &self.organization, member, Role::Member, &any).await;
        added.map(drop).map_err(prepare)
    }

    fn event(
        &self,
        method: &str,
        route: &str,
        caller: &str,
        user: Option<&str>,
        body: Option<Value>,
    ) -> Result<String> {
        let mut event: Value = serde_json::from_str(EVENT).context("tests/events/get-organization.json")?;
        let mut path = route.to_owned();
        let mut parameters = Map::new();
        let organization = Some(self.organization.as_str());
        for (name, value) in [("organization_id", organization), ("user_id", user)] {
            let placeholder = format!("{{{name}}}");
            if let Some(value) = value.filter(|_| route.contains(&placeholder)) {
                path = path.replace(&placeholder, value);
                parameters.insert(name.to_owned(), value.into());
            }
        }
        set(&mut event, "/rawPath", path.as_str())?;
        set(&mut event, "/pathParameters", parameters)?;
        set(&mut event, "/routeKey", format!("{method} {route}"))?;
        set(&mut event, "/headers", headers(body.is_some()))?;
        set(&mut event, "/requestContext/routeKey", format!("{method} {route}"))?;
        set(&mut event, "/requestContext/http/method", method)?;
        set(&mut event, "/requestContext/http/path", path)?;
        set(&mut event, "/requestContext/authorizer/jwt/claims/sub", caller)?;
        if let (Some(body), Some(event)) = (body, event.as_object_mut()) {
            event.insert("body".to_owned(), body.to_string().into());
        }
        Ok(event.to_string())
    }
}

/// The headers of a usual client behind API Gateway, the token as long as most are.
fn headers(with_body: bool) -> Value {
    let mut headers = json!({
        "accept": "application/json",
        "accept-encoding": "gzip, deflate, br",
        "authorization": format!("Bearer {}", "x".repeat(800)),
        "host": "api.example.com",
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "x-amzn-trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
        "x-forwarded-for": "192.0.2.1",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    });
    if let Some(headers) = headers.as_object_mut().filter(|_| with_body) {
        headers.insert("content-type".to_owned(), "application/json".into());
    }
    headers
}

fn set(event: &mut Value, pointer: &str, value: impl Into<Value>) -> Result<()> {
    let (parent, name) = pointer.rsplit_once('/').context("a pointer")?;
    let parent = event.pointer_mut(parent).and_then(Value::as_object_mut);
    let parent = parent.with_context(|| format!("tests/events/get-organization.json has no {pointer}"))?;
    parent.insert(name.to_owned(), value.into());
    Ok(())
}

fn user(name: &str) -> Result<UserId> {
    UserId::parse(name).map_err(|_| anyhow!("{name} is no user id any more"))
}

fn prepare(error: shared::error::Error) -> anyhow::Error {
    anyhow!(error).context("prepare data for the events")
}
