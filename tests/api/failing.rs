//! A DynamoDB that fails for certain user names, since neither the embedded nor a real one fails on demand.
//! `tests/faults` covers all faults; this shows what a client gets over HTTP.

use support::faults::Fault;
use support::proxy::Proxy;

/// Requests for a local user of this name are throttled. All these names are of services, too: their requests are about
/// them if they put the record of an idempotency key.
pub(crate) const THROTTLED: &str = "throttled";

/// Transactions for a local user of this name are canceled by a conflict. If one puts the record of an idempotency
/// key, the conflict is about the record.
pub(crate) const CONTENDED: &str = "contended";

/// If DynamoDB refuses a request for a local user of this name, its refusal contains no items. Old builds of
/// DynamoDB Local behave like this.
pub(crate) const UNEXPLAINED: &str = "unexplained";

/// Starts a proxy with these failures.
pub(crate) async fn start(dynamodb_url: String) -> Proxy {
    let proxy = Proxy::start(dynamodb_url).await;
    proxy.plan_by_body(|_, body| {
        let body = String::from_utf8_lossy(body);
        let is_about =
            |name| ["", "service:"].iter().any(|kind| body.contains(&format!("USER#{kind}{name}|")));
        if is_about(THROTTLED) {
            Some(Fault::exception("ThrottlingException"))
        } else if is_about(CONTENDED) {
            // The record is the last item.
            let others = body.matches("\"TableName\"").count().saturating_sub(1);
            let reasons = std::iter::repeat_n("None", others).chain(["TransactionConflict"]);
            let has_record = ["IDEMPOTENCY#", "REPORT#"].iter().any(|record| body.contains(record));
            Some(if has_record { Fault::canceled(reasons) } else { Fault::Conflict })
        } else {
            is_about(UNEXPLAINED).then_some(Fault::WithoutItems)
        }
    });
    proxy
}
