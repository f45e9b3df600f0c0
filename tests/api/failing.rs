//! A DynamoDB that fails for users of certain names, which neither the embedded nor a real one does when
//! a test needs it. `tests/faults` has all faults; these show over HTTP what a client gets.

use support::faults::Fault;
use support::proxy::Proxy;

/// Requests about a local user of this name are throttled.
pub(crate) const THROTTLED: &str = "throttled";

/// Transactions about a local user of this name are canceled by a conflict.
pub(crate) const CONTENDED: &str = "contended";

/// Refusals of requests about a local user of this name come without the items, as from old builds of
/// Amazon's local DynamoDB.
pub(crate) const UNEXPLAINED: &str = "unexplained";

/// Starts a proxy that fails for these users.
pub(crate) async fn start(dynamodb_url: String) -> Proxy {
    let proxy = Proxy::start(dynamodb_url).await;
    proxy.plan_by_body(|_, body| {
        let body = String::from_utf8_lossy(body);
        let is_about = |name| body.contains(&format!("USER#{name}|"));
        if is_about(THROTTLED) {
            Some(Fault::exception("ThrottlingException"))
        } else if is_about(CONTENDED) {
            Some(Fault::Conflict)
        } else {
            is_about(UNEXPLAINED).then_some(Fault::WithoutItems)
        }
    });
    proxy
}
