//! The functions in this process, on a DynamoDB of their own: for settings that the stack does not have, and for
//! races of more users than its functions have instances.

use functions::Operation;
use lambda_http::{Body, Context, LambdaEvent};
use serde_json::{Map, Value, json};
use shared::{edge::Edge, identity::Authenticator, settings::Settings, store::Store};
use std::sync::Arc;
use support::{database::Database, event::Request, faults::Fault, proxy::Proxy};

#[derive(Clone)]
pub(crate) struct Functions {
    pub(crate) database: Arc<Database>,
    store: Store,
    email_claim: Option<&'static str>,
}

/// A response. Its `Display` is for messages.
pub(crate) struct Answer {
    pub(crate) status: i64,
    pub(crate) body: Value,
}

impl Functions {
    pub(crate) async fn start(settings: Settings) -> Self {
        let database = Database::start().await;
        let store = support::database::store(database.url()).await.with_settings(settings);
        Self { database: Arc::new(database), store, email_claim: None }
    }

    /// The same functions, where an invitation to an address needs a token with this claim.
    pub(crate) fn with_email_claim(self, claim: &'static str) -> Self {
        Self { email_claim: Some(claim), ..self }
    }

    pub(crate) async fn send(&self, request: &Request) -> Answer {
        self.send_with_claims(request, Map::new()).await
    }

    /// Sends a request whose token has further claims.
    pub(crate) async fn send_with_claims(&self, request: &Request, claims: Map<String, Value>) -> Answer {
        let operation = request.operation;
        let authenticator = Authenticator::gateway(local::SERVICE_SCOPE)
            .with_email_claim(self.email_claim.map(str::to_owned));
        let handler = |request, store| operation.handle(request, store);
        let edge = Edge::new(operation.endpoint(), authenticator, self.store.clone(), handler);
        let mut event = request.event();
        let given = event["requestContext"]["authorizer"]["jwt"]["claims"].as_object_mut();
        given.expect("claims").extend(claims);
        let event = serde_json::from_str(&event.to_string()).expect("an event");
        let Ok(response) = edge.invoke(LambdaEvent::new(event, Context::default())).await;
        let Some(Body::Text(body)) = &response.body else { panic!("no body: {response:?}") };
        Answer { status: response.status_code, body: serde_json::from_str(body).expect("JSON") }
    }

    /// Sends a request that is overtaken: its first read by `action` is answered only after `change` was made.
    pub(crate) async fn overtaken(
        &self,
        request: &Request,
        action: &'static str,
        change: impl Future<Output = ()> + Send + 'static,
    ) -> Answer {
        let proxy = Proxy::start(self.database.url()).await;
        let store = support::database::store(proxy.url()).await;
        proxy.inject(action, [Fault::AnswerAfter(Box::pin(change))]);
        let answer = Self { store, ..self.clone() }.send(request).await;
        let made = proxy.actions().iter().filter(|made| *made == action).count();
        assert!(made >= 1, "{answer}: {:?}", proxy.actions());
        answer
    }

    /// A new organization of this owner. Returns its id.
    pub(crate) async fn organization(&self, owner: &str) -> String {
        let body = json!({ "organizationName": "Acme" });
        let created = self.send(&Request::new(Operation::CreateOrganization, owner).body(body)).await;
        created.expect(201)["id"].as_str().expect("an id").to_owned()
    }
}

/// A request that invites to an organization.
pub(crate) fn inviting(inviter: &str, organization: &str, body: Value) -> Request {
    Request::new(Operation::CreateInvitation, inviter).of("organization_id", organization).body(body)
}

/// A request of a user who accepts an invitation.
pub(crate) fn accepting(user: &str, invitation: &Value) -> Request {
    let body = json!({ "token": invitation["token"] });
    Request::new(Operation::AcceptInvitation, user).body(body)
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.status, self.body)
    }
}

impl Answer {
    /// Expects this status. Returns the body.
    #[track_caller]
    pub(crate) fn expect(&self, status: i64) -> &Value {
        assert_eq!(self.status, status, "{self}");
        &self.body
    }

    /// Expects this error. Returns its `details`, or null if it has none.
    #[track_caller]
    pub(crate) fn expect_error(&self, status: i64, code: &str) -> &Value {
        assert_eq!(self.expect(status)["code"], code, "{self}");
        &self.body["details"]
    }

    /// True for a 409 that asks the client to repeat the request.
    pub(crate) fn is_conflict(&self) -> bool {
        self.status == 409 && self.body["code"] == "conflict"
    }
}
