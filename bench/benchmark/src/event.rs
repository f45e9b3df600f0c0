//! Events that the subjects answer with success, and the data that the events need.

use crate::cli::Sizes;
use crate::subject::Subject;
use anyhow::{Context as _, Result, anyhow};
use functions::Operation;
use serde_json::{Value, json};
use shared::store::Store;
use support::event::Request;
use support::example::{self, MEMBER};
use support::in_process;

/// An event as API Gateway sends it. All others are derived from it.
const EVENT: &str = include_str!("../../../tests/events/get-organization.json");

/// Generates one subject's events. Each is valid after the previous ones were answered.
pub(crate) struct Events {
    operation: Operation,
    owner: String,
    organization: String,
    store: Store,
    sizes: Sizes,
    made: usize,
}

impl Events {
    /// Prepares the events for this subject, with an organization of its own.
    pub(crate) async fn of(subject: &Subject, sizes: Sizes, store: Store) -> Result<Self> {
        let operation = subject.operation.unwrap_or(Operation::GetOrganization);
        let owner = format!("owner-of-{}", subject.name);
        let new = Request::new(Operation::CreateOrganization, &owner);
        let created = prepare(&new.body(json!({ "organizationName": "Acme" })), &store).await?;
        let id = created.get("id").and_then(Value::as_str);
        let organization = id.context("an organization has no id")?.to_owned();
        let events = Self { operation, owner, organization, store, sizes, made: 0 };
        match operation {
            Operation::ListMembers => {
                for member in 0..sizes.members {
                    events.add(&format!("member-{member}")).await?;
                }
            }
            _ if operation.path().contains("{user_id}") => events.add(MEMBER).await?,
            _ => {}
        }
        Ok(events)
    }

    /// The next event: the example of the operation, unless that cannot succeed repeatedly or is not what
    /// clients usually send.
    pub(crate) async fn next(&mut self) -> Result<String> {
        self.made += 1;
        let made = self.made;
        let mut request = example::request(self.operation, &self.owner, &self.organization);
        match self.operation {
            Operation::AddMember => request = request.body(json!({ "userId": format!("user-{made}") })),
            Operation::CreateOrganization => {
                // A new owner each time: few users own thousands of organizations.
                request.caller = format!("founder-{made}");
                request = request.body(json!({ "organizationName": "Acme", "domain": "acme.example" }));
            }
            Operation::RemoveMember => {
                let leaver = format!("user-{made}");
                self.add(&leaver).await?;
                request = request.of("user_id", &leaver);
            }
            Operation::SetMaxOverages => request = request.body(json!({ "maxOverages": made })),
            Operation::UpdateMember => {
                let role = if made.is_multiple_of(2) { "member" } else { "admin" };
                request = request.body(json!({ "role": role }));
            }
            Operation::UpdateOrganization => {
                request = request.body(json!({ "name": format!("Acme {made}") }));
            }
            _ => {}
        }
        event(&request, self.sizes.body.into())
    }

    async fn add(&self, member: &str) -> Result<()> {
        let add = example::request(Operation::AddMember, &self.owner, &self.organization);
        prepare(&add.body(json!({ "userId": member })), &self.store).await.map(drop)
    }
}

async fn prepare(request: &Request, store: &Store) -> Result<Value> {
    let answer = in_process::body(request, store).await;
    answer.map_err(|refusal| anyhow!(refusal).context("prepare data for the events"))
}

/// The event of a request, with everything that API Gateway adds. Spaces make its body at least `width` bytes
/// long.
fn event(request: &Request, width: usize) -> Result<String> {
    let mut event: Value = serde_json::from_str(EVENT).context("tests/events/get-organization.json")?;
    let mut of_request = request.event();
    for part in ["/rawPath", "/pathParameters", "/routeKey", "/requestContext/routeKey"]
        .into_iter()
        .chain(["/requestContext/http/method", "/requestContext/http/path"])
    {
        let value = of_request.pointer_mut(part).with_context(|| format!("an event has no {part}"))?;
        set(&mut event, part, value.take())?;
    }
    set(&mut event, "/headers", headers(request.body.is_some()))?;
    set(&mut event, "/requestContext/authorizer/jwt/claims/sub", request.caller.as_str())?;
    if let Some(body) = &request.body {
        set(&mut event, "/body", format!("{body:<width$}", body = body.to_string()))?;
    }
    Ok(event.to_string())
}

/// The headers of a typical client behind API Gateway, with a token of typical length.
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
    let (parent, name) = pointer.rsplit_once('/').with_context(|| format!("{pointer} has no slash"))?;
    let parent = event.pointer_mut(parent).and_then(Value::as_object_mut);
    let parent = parent.with_context(|| format!("tests/events/get-organization.json has no {pointer}"))?;
    parent.insert(name.to_owned(), value.into());
    Ok(())
}
