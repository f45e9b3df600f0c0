//! The data that the functions work on, and the faults they meet.

use crate::events::{event, no_request, wrong};
use functions::Operation;
use local::Identity;
use serde_json::{Map, Value, json};
use shared::model::{Domain, NewOrganization, OrganizationId, OrganizationName, Preconditions, Role, UserId};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use support::database::{Database, store};
use support::example::MEMBER;
use support::faults::Fault;
use support::instance::Instance;
use support::proxy::Proxy;

/// The owner of the organizations.
const OWNER: &str = "canary|owner";

/// What every log line of an instance names.
pub(crate) const RELEASE: &str = "0123abc";

pub(crate) const AN_HOUR: Duration = Duration::from_secs(3600);

/// A table and an identity provider.
pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) identity: Identity,
    /// A token of the owner of all organizations.
    pub(crate) token: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        let identity =
            Identity::load_or_create(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("leaks")).unwrap();
        let token = identity.token(OWNER, AN_HOUR);
        Self { database: Database::start().await, identity, token }
    }

    /// Creates an organization that [`OWNER`] owns, with another member.
    pub(crate) async fn organization(&self) -> String {
        let id = self.create(OWNER, "Canary", "canary.example").await;
        let store = store(self.database.url()).await;
        let (any, role) = (Preconditions::NONE, Role::Member);
        store.add_member(&user(OWNER), &id, user(MEMBER), role, &any).await.unwrap();
        id.as_str().to_owned()
    }

    pub(crate) async fn create(&self, owner: &str, name: &str, domain: &str) -> OrganizationId {
        let (name, domain) = (OrganizationName::parse(name).unwrap(), Domain::parse(domain).unwrap());
        let new = NewOrganization { name, domain: Some(domain) };
        store(self.database.url())
            .await
            .create_organization(&user(owner), new, None)
            .await
            .unwrap()
            .organization
            .id
    }

    /// Starts an instance that logs to the file `log` and uses the DynamoDB at `url`.
    pub(crate) async fn instance(
        &self,
        operation: Operation,
        level: &str,
        url: &str,
        log: &Path,
    ) -> Instance {
        let variables = [
            ("AUTH_AUDIENCE", local::AUDIENCE),
            ("AUTH_ISSUER", local::ISSUER),
            ("AUTH_JWKS", &self.identity.jwks().to_string()),
            ("AUTH_READ_SCOPE", local::READ_SCOPE),
            ("AUTH_WRITE_SCOPE", local::WRITE_SCOPE),
            ("AWS_ACCESS_KEY_ID", "canary"),
            ("AWS_ENDPOINT_URL_DYNAMODB", url),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
            ("AWS_LAMBDA_LOG_LEVEL", level),
            ("AWS_SECRET_ACCESS_KEY", "canary"),
            ("AWS_SESSION_TOKEN", "canary"),
            ("RELEASE", RELEASE),
            // A developer may set this. Panics then print backtraces.
            ("RUST_BACKTRACE", "1"),
        ];
        let variables = variables.map(|(name, value)| (name, value.to_owned()));
        let mut instance = Instance::logging(operation, variables, log).await;
        instance.ready().await;
        instance
    }

    /// Everything that an instance prints while it answers a valid event, invalid events, and events during
    /// faults.
    pub(crate) async fn log(&self, operation: Operation, level: &str) -> String {
        let log = log_file(operation, level);
        let proxy = Proxy::start(self.database.url()).await;
        let mut instance = self.instance(operation, level, &proxy.url(), &log).await;
        let event = event(operation, &self.organization().await, &self.token);
        let response = instance.invoke(&event).await;
        assert!([200, 201].map(Value::from).contains(&response["statusCode"]), "{response}");
        for (pointer, value) in wrong() {
            let response = instance.invoke(&changed(event.clone(), pointer, value.clone())).await;
            let status = response["statusCode"].as_u64().unwrap();
            assert!(status < 500, "{} {pointer} {value}: {response}", operation.id());
        }
        for (pointer, value) in no_request() {
            let response = instance.invoke(&changed(event.clone(), pointer, value)).await;
            assert_eq!(response["statusCode"], 500, "{} {pointer}: {response}", operation.id());
        }
        for fault in FAULTS {
            proxy.plan(move |_, _| Some(fault()));
            instance.invoke(&event).await;
        }
        instance.kill().await;
        fs::read_to_string(log).unwrap()
    }
}

/// Where an instance of a function logs.
pub(crate) fn log_file(operation: Operation, name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("leaks-{}-{name}.log", operation.id()))
}

/// The event with the value at `pointer` replaced.
pub(crate) fn changed(mut event: Value, pointer: &str, value: Value) -> Value {
    match pointer.rsplit_once('/') {
        Some((parent, name)) => event.pointer_mut(parent).unwrap()[name] = value,
        None => event = value,
    }
    event
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// The responses of a DynamoDB that fails, or that contains items that no function can read.
const FAULTS: [fn() -> Fault; 9] = [
    || exception("ValidationException"),
    || exception("ConditionalCheckFailedException"),
    || exception("TransactionCanceledException"),
    || Fault::Answer(200, "{\"canary\": \"can".to_owned()),
    || {
        Fault::Answer(
            200,
            json!({ "Responses": { "organizations": [item()] }, "Items": [item()], "Item": item() })
                .to_string(),
        )
    },
    || Fault::Answer(200, json!({ "Attributes": item(), "Items": "canary", "Item": "canary" }).to_string()),
    || Fault::Answer(503, "<canary>".to_owned()),
    || Fault::Closed,
    || Fault::CutAnswer,
];

fn exception(name: &str) -> Fault {
    let reasons = [json!({ "Code": "ConditionalCheckFailed", "Message": "canary", "Item": item() })];
    let body = json!({
        "__type": format!("com.amazonaws.dynamodb.v20120810#{name}"),
        "message": "canary",
        "CancellationReasons": reasons,
        "Item": item(),
    });
    Fault::Answer(400, body.to_string())
}

/// An item with attributes of every kind of item, each with the value `canary`.
fn item() -> Value {
    let names = [
        "pk",
        "sk",
        "organizationId",
        "userId",
        "name",
        "domain",
        "role",
        "version",
        "createdBy",
        "joinedAt",
    ];
    names.into_iter().map(|name| (name.to_owned(), json!({ "S": "canary" }))).collect::<Map<_, _>>().into()
}
