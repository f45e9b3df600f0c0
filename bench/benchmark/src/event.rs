//! Events that the subjects answer with success, and the data that the events need.

use crate::cli::Sizes;
use crate::database::Database;
use crate::records;
use crate::subject::{Kind, Subject};
use anyhow::{Context as _, Result, anyhow};
use functions::Operation;
use serde_json::{Value, json};
use shared::store::Store;
use support::event::Request;
use support::example::{self, MEMBER, Place, SERVICE};
use support::in_process;

/// An event as API Gateway sends it. All others are derived from it.
const EVENT: &str = include_str!("../../../tests/events/get-organization.json");

/// The number of pending invitations after which the next one goes to another organization: few have more at once.
const PENDING: usize = 25;

/// A limit that no run reaches.
const MAX_UNITS: u32 = 1_000_000_000;

/// Generates one subject's events. Each is valid after the previous ones were answered.
pub(crate) struct Events {
    /// The operation that is called or, for the recorder, whose write is recorded.
    operation: Operation,
    /// The URL of the DynamoDB whose stream the recorder gets; `None` for other subjects.
    stream: Option<String>,
    owner: String,
    place: Place,
    store: Store,
    sizes: Sizes,
    made: usize,
}

impl Events {
    /// Prepares the events for this subject, with an organization of its own.
    pub(crate) async fn of(subject: &Subject, sizes: Sizes, database: &Database) -> Result<Self> {
        let (operation, stream) = match subject.kind {
            Kind::Operation(operation) => (operation, None),
            Kind::Recorder => (Operation::UpdateOrganization, Some(database.http_url())),
            Kind::Baseline => (Operation::GetOrganization, None),
        };
        let store = database.store().await;
        let owner = format!("owner-of-{}", subject.name);
        let nothing = Place { organization: String::new(), invitation: String::new(), token: String::new() };
        let mut events = Self { operation, stream, owner, place: nothing, store, sizes, made: 0 };
        events.move_to_another().await?;
        match operation {
            Operation::ListMembers => {
                for member in 0..sizes.members {
                    events.add(&format!("member-{member}")).await?;
                }
            }
            Operation::ListEvents => {
                let changes = async {
                    for made in 0..sizes.members {
                        let update = events.request(Operation::UpdateOrganization);
                        let update = update.body(json!({ "name": format!("Acme {made}") }));
                        prepare(&update, &events.store).await?;
                    }
                    Ok(())
                };
                records::record(&database.http_url(), &events.store, changes).await?;
            }
            Operation::ListInvitations => {
                for _ in 0..PENDING {
                    events.invite().await?;
                }
            }
            Operation::PreviewInvitation => events.invite().await?,
            Operation::RecordUsage | Operation::GetUsage => {
                let plan = events.request(Operation::SetPlan).body(json!({ "includedUnits": MAX_UNITS }));
                prepare(&plan, &events.store).await?;
                // The first report of a period takes one more request than the others.
                prepare(&events.request(Operation::RecordUsage), &events.store).await?;
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
        match self.operation {
            Operation::DeleteOrganization => self.move_to_another().await?,
            Operation::RestoreOrganization => {
                self.move_to_another().await?;
                prepare(&self.request(Operation::DeleteOrganization), &self.store).await?;
            }
            Operation::CreateInvitation if made.is_multiple_of(PENDING) => self.move_to_another().await?,
            Operation::RevokeInvitation | Operation::AcceptInvitation => self.invite().await?,
            _ => {}
        }
        let mut request = self.request(self.operation);
        match self.operation {
            Operation::AddMember => request = request.body(json!({ "userId": format!("user-{made}") })),
            Operation::CreateOrganization => {
                // A new owner each time: few users own thousands of organizations.
                request.caller = format!("founder-{made}");
                request = request.body(json!({ "organizationName": "Acme", "domain": "acme.example" }));
            }
            Operation::DeleteUser => {
                // A name of its own: the others are members of several organizations.
                let leaver = format!("erased-{made}");
                self.add(&leaver).await?;
                request = request.of("user_id", &leaver);
                request.caller = leaver;
            }
            Operation::RemoveMember => {
                let leaver = format!("user-{made}");
                self.add(&leaver).await?;
                request = request.of("user_id", &leaver);
            }
            Operation::SetMaxOverages => request = request.body(json!({ "maxOverages": made })),
            Operation::SetPlan => request = request.body(json!({ "includedUnits": made })),
            // As most meters report: within the limit, without a key.
            Operation::RecordUsage => request = request.body(json!({ "units": 1 })),
            Operation::UpdateMember => {
                let role = if made.is_multiple_of(2) { "member" } else { "admin" };
                request = request.body(json!({ "role": role }));
            }
            Operation::UpdateOrganization => {
                request = request.body(json!({ "name": format!("Acme {made}") }));
            }
            Operation::CreateInvitation => {
                request = request.body(json!({ "email": format!("user-{made}@acme.example") }));
            }
            Operation::AcceptInvitation => request.caller = format!("user-{made}"),
            Operation::ListOrganizations
            | Operation::ListEvents
            | Operation::GetOrganization
            | Operation::DeleteOrganization
            | Operation::RestoreOrganization
            | Operation::GetUsage
            | Operation::ListMembers
            | Operation::GetMember
            | Operation::ListInvitations
            | Operation::RevokeInvitation
            | Operation::PreviewInvitation => {}
        }
        let Some(dynamodb) = &self.stream else { return event(&request, self.sizes.body.into()) };
        records::record_of(dynamodb, prepare(&request, &self.store)).await
    }

    fn request(&self, operation: Operation) -> Request {
        example::request(operation, example::sender(operation, &self.owner), &self.place)
    }

    /// Creates an organization for the next events. A service creates it, because a user may create only some.
    async fn move_to_another(&mut self) -> Result<()> {
        let new = Request::new(Operation::CreateOrganization, SERVICE);
        let new = new.body(json!({ "organizationName": "Acme", "owner": self.owner }));
        self.place.organization = text(&prepare(&new, &self.store).await?, "id")?;
        Ok(())
    }

    async fn add(&self, member: &str) -> Result<()> {
        let add = self.request(Operation::AddMember);
        prepare(&add.body(json!({ "userId": member })), &self.store).await.map(drop)
    }

    /// Issues an invitation for the next events.
    async fn invite(&mut self) -> Result<()> {
        let invite = self.request(Operation::CreateInvitation).body(json!({}));
        let issued = prepare(&invite, &self.store).await?;
        (self.place.invitation, self.place.token) = (text(&issued, "id")?, text(&issued, "token")?);
        Ok(())
    }
}

/// The text in a field of an answer.
fn text(answer: &Value, name: &str) -> Result<String> {
    let text = answer.get(name).and_then(Value::as_str);
    text.map(str::to_owned).with_context(|| format!("an answer has no {name}"))
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
    for part in ["/rawPath", "/pathParameters", "/routeKey", "/requestContext/routeKey"].into_iter().chain([
        "/requestContext/http/method",
        "/requestContext/http/path",
        "/requestContext/authorizer/jwt/claims/sub",
        "/requestContext/authorizer/jwt/claims/scope",
    ]) {
        let value = of_request.pointer_mut(part).with_context(|| format!("an event has no {part}"))?;
        set(&mut event, part, value.take())?;
    }
    set(&mut event, "/headers", headers(request.body.is_some()))?;
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
