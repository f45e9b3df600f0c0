//! The faults that a request can meet on its way to DynamoDB, in DynamoDB, and on its way back.

use axum::body::Bytes;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use std::iter;

const UPDATE: &str = "UpdateItem";
const TRANSACTION: &str = "TransactWriteItems";
const READING_TRANSACTION: &str = "TransactGetItems";

/// What happens to one request.
pub enum Fault {
    /// No fault: the request is executed and answered.
    None,
    /// The request is not executed. The answer has this status and body.
    Answer(u16, String),
    /// A write or a transaction is refused with a transaction conflict. Other requests are executed.
    Conflict,
    /// A transaction is canceled because one of its items is throttled. Other requests are executed.
    ItemThrottled,
    /// The request is not executed, and the connection is closed.
    Closed,
    /// The request is not executed and gets no answer.
    Stall,
    /// The request is executed, then this future is awaited, and then the answer is sent.
    AnswerAfter(BoxFuture<'static, ()>),
    /// The request is executed, and the connection is closed before the answer.
    LostAnswer,
    /// The request is executed, then this future is awaited, and then the connection is closed.
    LostAnswerAfter(BoxFuture<'static, ()>),
    /// The request is executed, and the connection is closed in the middle of the answer.
    CutAnswer,
    /// The request is executed but gets no answer.
    Silence,
    /// The request is executed. The answer has this status and body.
    Misreported(u16, String),
    /// The request is executed or rightly refused, but a refusal contains no items. Old builds of DynamoDB
    /// Local omit them even when asked for them.
    WithoutItems,
    /// BatchGetItem leaves half of its keys unprocessed, at least one.
    Unprocessed,
}

/// Status and body.
pub(crate) type Answer = (u16, Bytes);

/// How a request ends for the client.
pub(crate) enum End {
    Answered(Answer),
    /// The connection is closed in the middle of this answer.
    Cut(Answer),
    Closed,
    Never,
}

/// A kind of fault.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name in reports.
    pub name: &'static str,
    /// The actions that it applies to; empty for all.
    only: &'static [&'static str],
    /// Makes a fault of this kind.
    pub fault: fn() -> Fault,
}

/// Kinds that end immediately.
const QUICK: [Kind; 11] = [
    Kind::any("throttled", || Fault::exception("ThrottlingException")),
    Kind::any("500", || Fault::Answer(500, exception("InternalServerError"))),
    Kind::any("500, but done", || Fault::Misreported(500, exception("InternalServerError"))),
    Kind::any("503", || Fault::Answer(503, "<html>Service Unavailable</html>".to_owned())),
    Kind::any("closed", || Fault::Closed),
    Kind::any("answer lost", || Fault::LostAnswer),
    Kind::any("answer cut", || Fault::CutAnswer),
    Kind { name: "conflict", only: &[TRANSACTION, READING_TRANSACTION, UPDATE], fault: || Fault::Conflict },
    Kind {
        name: "item throttled",
        only: &[TRANSACTION, READING_TRANSACTION],
        fault: || Fault::ItemThrottled,
    },
    Kind { name: "refused without items", only: &[TRANSACTION, UPDATE], fault: || Fault::WithoutItems },
    Kind { name: "keys unprocessed", only: &["BatchGetItem"], fault: || Fault::Unprocessed },
];

/// Kinds that last until the client times out.
const SLOW: [Kind; 2] =
    [Kind::any("stalled", || Fault::Stall), Kind::any("silent, but done", || Fault::Silence)];

impl Kind {
    const fn any(name: &'static str, fault: fn() -> Fault) -> Self {
        Self { name, only: &[], fault }
    }

    /// All kinds that apply to a request with this action.
    pub fn all(action: &str) -> Vec<Self> {
        [Self::quick(action), SLOW.to_vec()].concat()
    }

    /// The kinds that end immediately.
    pub fn quick(action: &str) -> Vec<Self> {
        QUICK.into_iter().filter(|kind| kind.is_of(action)).collect()
    }

    /// True if it lasts until the client times out.
    pub fn is_slow(self) -> bool {
        SLOW.iter().any(|slow| slow.name == self.name)
    }

    /// True if it applies to a request with this action.
    pub fn is_of(self, action: &str) -> bool {
        self.only.is_empty() || self.only.contains(&action)
    }
}

impl Fault {
    /// DynamoDB refuses the request with an exception.
    pub fn exception(name: &str) -> Self {
        Self::Answer(400, exception(name))
    }

    /// DynamoDB cancels the transaction for these reasons.
    pub fn canceled<'a>(reasons: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Answer(400, cancellation(reasons))
    }

    /// Applies the fault to a request. Awaiting `forwarded` makes DynamoDB execute the request.
    pub(crate) async fn meet(
        self,
        action: &str,
        request: &[u8],
        forwarded: impl Future<Output = Answer>,
    ) -> End {
        match (self, action) {
            (Self::Answer(status, body), _) => End::Answered((status, body.into())),
            (Self::Conflict, UPDATE) => {
                End::Answered((400, exception("TransactionConflictException").into()))
            }
            (Self::Conflict, TRANSACTION | READING_TRANSACTION) => {
                End::Answered(first_canceled(request, "TransactionConflict"))
            }
            (Self::ItemThrottled, TRANSACTION | READING_TRANSACTION) => {
                End::Answered(first_canceled(request, "ThrottlingError"))
            }
            (Self::Closed, _) => End::Closed,
            (Self::Stall, _) => End::Never,
            (fault, _) => fault.meet_answer(request, forwarded.await).await,
        }
    }

    async fn meet_answer(self, request: &[u8], answer: Answer) -> End {
        match self {
            Self::AnswerAfter(meanwhile) => {
                meanwhile.await;
                End::Answered(answer)
            }
            Self::LostAnswer => End::Closed,
            Self::LostAnswerAfter(meanwhile) => {
                meanwhile.await;
                End::Closed
            }
            Self::CutAnswer => End::Cut(answer),
            Self::Silence => End::Never,
            Self::Misreported(status, body) => End::Answered((status, body.into())),
            Self::WithoutItems => End::Answered(without_items(answer)),
            Self::Unprocessed => End::Answered(half_processed(&json(request), answer)),
            _ => End::Answered(answer),
        }
    }
}

fn exception(name: &str) -> String {
    json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{name}"), "message": name }).to_string()
}

fn cancellation<'a>(reasons: impl IntoIterator<Item = &'a str>) -> String {
    let reasons: Vec<_> = reasons.into_iter().map(|code| json!({ "Code": code })).collect();
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "canceled",
        "CancellationReasons": reasons,
    })
    .to_string()
}

/// The cancellation of a transaction because of its first item.
fn first_canceled(request: &[u8], reason: &str) -> Answer {
    let others = json(request)["TransactItems"].as_array().unwrap().len() - 1;
    let reasons = iter::once(reason).chain(iter::repeat_n("None", others));
    (400, cancellation(reasons).into())
}

fn without_items((status, body): Answer) -> Answer {
    if status != 400 {
        return (status, body);
    }
    let mut refusal = json(&body);
    refusal.as_object_mut().unwrap().remove("Item");
    for reason in refusal["CancellationReasons"].as_array_mut().into_iter().flatten() {
        reason.as_object_mut().unwrap().remove("Item");
    }
    (status, refusal.to_string().into())
}

/// A BatchGetItem answer with only the first half of each table's keys.
fn half_processed(request: &Value, (status, body): Answer) -> Answer {
    let mut answer = json(&body);
    let mut unprocessed = Map::new();
    for (table, asked) in request["RequestItems"].as_object().unwrap() {
        let keys = asked["Keys"].as_array().unwrap();
        let rest = &keys[keys.len() / 2..];
        // A projection may leave out the partition key.
        let is = |item: &Value, key: &Value| {
            item["sk"] == key["sk"] && item.get("pk").is_none_or(|pk| *pk == key["pk"])
        };
        let is_of_the_rest = |item: &Value| rest.iter().any(|key| is(item, key));
        answer["Responses"][table].as_array_mut().unwrap().retain(|item| !is_of_the_rest(item));
        let mut asked = asked.clone();
        asked["Keys"] = json!(rest);
        unprocessed.insert(table.clone(), asked);
    }
    answer["UnprocessedKeys"] = Value::Object(unprocessed);
    (status, answer.to_string().into())
}

fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}
