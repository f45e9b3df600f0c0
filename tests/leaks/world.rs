//! The data that the functions work on, and the faults they meet.

use crate::events::{by_a_service, event, no_request, wrong};
use functions::Operation;
use local::Identity;
use serde_json::{Map, Value, json};
use shared::model::{
    Caller, Domain, Email, Lifetime, Metadata, NewInvitation, NewOrganization, OrganizationChanges,
    OrganizationId, OrganizationName, Preconditions, Role, UserId,
};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use support::database::{Database, store};
use support::example::{self, Place, SERVICE, TOKEN};
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
}

impl World {
    pub(crate) async fn new() -> Self {
        let identity =
            Identity::load_or_create(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("leaks")).unwrap();
        Self { database: Database::start().await, identity }
    }

    /// Creates an organization that [`OWNER`] owns, with metadata, another member, an invitation for anybody and one
    /// to an address.
    pub(crate) async fn place(&self) -> Place {
        let store = store(self.database.url()).await;
        let place = Place::create(&store, OWNER).await;
        let (owner, id) = (Caller::User(user(OWNER)), OrganizationId::parse(&place.organization).unwrap());
        let email = Some(Email::parse("canary.guest@canary.example").unwrap());
        let new = NewInvitation { email, role: Role::Member, lifetime: Lifetime::DEFAULT };
        store.create_invitation(&owner, &id, new, &Preconditions::NONE).await.unwrap();
        let metadata = BTreeMap::from(["canary", "note"].map(|key| (key.to_owned(), "canary".to_owned())));
        let changes = OrganizationChanges {
            metadata: Some(Metadata::parse(metadata).unwrap()),
            ..OrganizationChanges::default()
        };
        store.update_organization(&owner, &id, changes, &Preconditions::NONE).await.unwrap();
        place
    }

    /// Creates an organization.
    pub(crate) async fn create(&self, owner: &str, name: &str, domain: &str) {
        let (name, domain) = (OrganizationName::parse(name).unwrap(), Domain::parse(domain).unwrap());
        let (owner, new) = (user(owner), NewOrganization::new(name, Some(domain)));
        let store = store(self.database.url()).await;
        store.create_organization(&Caller::User(owner.clone()), &owner, new, None).await.unwrap();
    }

    /// The token of who may send the example of an operation.
    fn token(&self, operation: Operation) -> String {
        match example::sender(operation, OWNER) {
            SERVICE => self.service_token(),
            user => self.identity.token(user, AN_HOUR),
        }
    }

    fn service_token(&self) -> String {
        self.identity.service_token(SERVICE.trim_start_matches("service:"), AN_HOUR)
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

    /// Runs an instance that answers a valid event, invalid events, and events during faults.
    pub(crate) async fn run(&self, operation: Operation, level: &str) -> Run {
        let log = log_file(operation, level);
        let proxy = Proxy::start(self.database.url()).await;
        let mut instance = self.instance(operation, level, &proxy.url(), &log).await;
        let (place, token) = (self.place().await, self.token(operation));
        let event = event(operation, &place, &token);
        let response = instance.invoke(&event).await;
        assert!([200, 201].map(Value::from).contains(&response["statusCode"]), "{response}");
        let mut answers = vec![response];
        for (pointer, value) in wrong() {
            let event = changed(event.clone(), pointer, value.clone()).to_string();
            let event = serde_json::from_str(&event.replace(TOKEN, &place.token)).unwrap();
            let response = instance.invoke(&event).await;
            let status = response["statusCode"].as_u64().unwrap();
            assert!(status < 500, "{} {pointer} {value}: {response}", operation.id());
            answers.push(response);
        }
        let service = format!("Bearer {}", self.service_token());
        for values in by_a_service(operation, level) {
            let event = changed(event.clone(), "/headers/authorization", json!(service));
            let event =
                values.iter().fold(event, |event, (pointer, value)| changed(event, pointer, value.clone()));
            let response = instance.invoke(&event).await;
            assert!([200, 201, 409, 422].map(Value::from).contains(&response["statusCode"]), "{response}");
            answers.push(response);
        }
        for (pointer, value) in no_request() {
            let response = instance.invoke(&changed(event.clone(), pointer, value)).await;
            assert_eq!(response["statusCode"], 500, "{} {pointer}: {response}", operation.id());
            answers.push(response);
        }
        for fault in FAULTS {
            proxy.plan(move |_, _| Some(fault()));
            answers.push(instance.invoke(&event).await);
        }
        instance.kill().await;
        let tokens = [token, service];
        let secrets = tokens
            .iter()
            .flat_map(|token| token.split(['.', ' ']))
            .filter(|part| *part != "Bearer")
            .chain(["canary", "invt_"]);
        let secrets = secrets.map(str::to_lowercase).collect();
        Run { log: fs::read_to_string(log).unwrap(), answers, secrets }
    }
}

/// What an instance did.
pub(crate) struct Run {
    /// Everything that it printed.
    pub(crate) log: String,
    pub(crate) answers: Vec<Value>,
    /// What must not be in the log, in lower case.
    pub(crate) secrets: Vec<String>,
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
        "email",
        "secretHash",
        "invitedBy",
        "acceptedBy",
        "createdAt",
        "expiresAt",
        "deletedAt",
        "externalId",
        "metadata",
        "includedUnits",
        "maxMembers",
        "maxOverages",
        "used",
        "fence",
        "lastMutations",
        "requestHash",
        "mutation",
        "period",
        "recorded",
        "change",
        "number",
        "type",
        "actor",
        "at",
        "target",
        "changes",
        "snapshot",
        "previousExpiresAt",
    ];
    names.into_iter().map(|name| (name.to_owned(), json!({ "S": "canary" }))).collect::<Map<_, _>>().into()
}
