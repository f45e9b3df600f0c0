//! Faults between the SDK and the embedded DynamoDB, which itself neither throttles nor conflicts
//! nor loses an answer.

use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fmt::{self, Debug, Formatter};
use std::sync::{Arc, Mutex};

/// What happens to one request.
pub enum Fault {
    /// It is done and answered.
    None,
    /// A write is not done, as another transaction is on its item; a read is done.
    Conflict,
    /// It is done, and the connection dies before its answer is there.
    LostAnswer,
    /// It is done, then this is, and then the connection dies.
    LostAnswerAfter(BoxFuture<'static, ()>),
    /// It is not done, and never answered.
    Stall,
    /// It is done, and never answered.
    Silence,
    /// It is not done; this status and body answer it.
    Answer(u16, Value),
}

impl Fault {
    /// DynamoDB refuses with an exception.
    pub fn exception(name: &str) -> Self {
        Self::Answer(
            400,
            json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{name}"), "message": name }),
        )
    }

    /// DynamoDB cancels a transaction for these reasons.
    pub fn canceled<'a>(reasons: impl IntoIterator<Item = &'a str>) -> Self {
        let reasons: Vec<_> = reasons.into_iter().map(|code| json!({ "Code": code })).collect();
        Self::Answer(
            400,
            json!({
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "Message": "canceled",
                "CancellationReasons": reasons,
            }),
        )
    }
}

/// An HTTP client that meets injected faults, one a request, and none after them.
#[derive(Clone)]
pub struct Faulty {
    inner: SharedHttpClient,
    faults: Faults,
}

impl Debug for Faulty {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("Faulty")
    }
}

/// Each with the action that is to meet it; the empty text is any.
type Faults = Arc<Mutex<VecDeque<(&'static str, Fault)>>>;

impl Default for Faulty {
    fn default() -> Self {
        Self { inner: aws_smithy_http_client::Builder::new().build_http(), faults: Arc::default() }
    }
}

impl Faulty {
    /// Lets the next requests meet these faults, one each: requests of this action, or of any if it is
    /// the empty text.
    pub fn inject(&self, action: &'static str, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().unwrap().extend(faults.into_iter().map(|fault| (action, fault)));
    }

    /// Ends the faults that no request has met.
    pub fn end(&self) {
        self.faults.lock().unwrap().clear();
    }
}

impl HttpClient for Faulty {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(FaultyConnector { inner, faults: self.faults.clone() })
    }
}

struct FaultyConnector {
    inner: SharedHttpConnector,
    faults: Faults,
}

impl Debug for FaultyConnector {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("FaultyConnector")
    }
}

impl HttpConnector for FaultyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let mut faults = self.faults.lock().unwrap();
        let next = faults.iter().position(|(action, _)| target.ends_with(action));
        let fault = next.and_then(|next| faults.remove(next)).map(|(_, fault)| fault);
        let fault = fault.map(|fault| if let Fault::Conflict = fault { conflict(&request) } else { fault });
        match fault {
            None | Some(Fault::None | Fault::Conflict) => self.inner.call(request),
            Some(Fault::Stall) => HttpConnectorFuture::new(std::future::pending()),
            Some(Fault::Silence) => {
                let forwarded = self.inner.call(request);
                HttpConnectorFuture::new(async move {
                    forwarded.await.unwrap();
                    std::future::pending().await
                })
            }
            Some(Fault::Answer(status, body)) => {
                let status = StatusCode::try_from(status).unwrap();
                HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body.to_string()))))
            }
            Some(Fault::LostAnswer) => self.lose_answer(request, Box::pin(async {})),
            Some(Fault::LostAnswerAfter(meanwhile)) => self.lose_answer(request, meanwhile),
        }
    }
}

/// How DynamoDB refuses a write because of another transaction: all steps of one fail for the first's
/// sake.
fn conflict(request: &HttpRequest) -> Fault {
    let action = request.headers().get("x-amz-target").unwrap_or_default();
    if action.ends_with(".TransactWriteItems") {
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let others = body["TransactItems"].as_array().unwrap().iter().skip(1).map(|_| "None");
        Fault::canceled(std::iter::once("TransactionConflict").chain(others))
    } else if action.ends_with(".UpdateItem") {
        Fault::exception("TransactionConflictException")
    } else {
        Fault::None
    }
}

impl FaultyConnector {
    fn lose_answer(&self, request: HttpRequest, meanwhile: BoxFuture<'static, ()>) -> HttpConnectorFuture {
        let forwarded = self.inner.call(request);
        HttpConnectorFuture::new(async move {
            forwarded.await.unwrap();
            meanwhile.await;
            Err(ConnectorError::io("the connection died".into()))
        })
    }
}
