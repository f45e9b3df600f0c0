//! The claims in an event, as JSON of any form. No claim makes the request fail: the caller is the one whose `sub`
//! is a user id, or nobody. It is a service only if a claim names the scope of services.
#![no_main]

use fuzz::Asked;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use serde_json::value::RawValue;
use shared::identity::Authenticator;
use shared::model::{Caller, UserId};

/// Stands for the claims in an event.
const CLAIMS: &str = r#"{"sub":"CLAIMS"}"#;

const SERVICE: &str = "organizations/service";

fuzz_target!(|claims: &str| {
    let Ok(claims) = serde_json::from_str::<&RawValue>(claims) else { return };
    let event = fuzz::event(&Asked { caller: Some("CLAIMS"), ..Asked::default() }).to_string();
    assert!(event.contains(CLAIMS), "{event}");
    let event = event.replace(CLAIMS, claims.get());
    // Fails for some numbers and strings.
    let read = serde_json::from_str::<Value>(claims.get());
    let user = read.as_ref().ok().and_then(|claims| UserId::parse(claims.get("sub")?.as_str()?).ok());
    let status = fuzz::ask_event(Authenticator::gateway(SERVICE), &event, |request| {
        let Ok(read) = &read else { return Ok(()) };
        let (caller, is_service) = match request.caller() {
            Caller::User(user) => (user, false),
            Caller::Service(service) => (service, true),
        };
        assert!(user.as_ref() == Some(caller), "{}", claims.get());
        let of = |claim: &str| read.get(claim).map(Value::to_string).unwrap_or_default();
        assert!(!is_service || ["scope", "scp"].iter().any(|claim| of(claim).contains(SERVICE)), "{read}");
        Ok(())
    });
    assert!([200, 401].contains(&status), "{status}: {}", claims.get());
    assert!(user.is_none() || status == 200, "{status}: {}", claims.get());
});
