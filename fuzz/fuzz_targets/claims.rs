//! The claims in an event, as JSON of any form. No claim makes the request fail: the caller is the one whose `sub`
//! is a user id, or nobody.
#![no_main]

use fuzz::Asked;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use serde_json::value::RawValue;
use shared::identity::Authenticator;
use shared::model::UserId;

/// Stands for the claims in an event.
const CLAIMS: &str = r#"{"sub":"CLAIMS"}"#;

fuzz_target!(|claims: &str| {
    let Ok(claims) = serde_json::from_str::<&RawValue>(claims) else { return };
    let event = fuzz::event(&Asked { caller: Some("CLAIMS"), ..Asked::default() }).to_string();
    assert!(event.contains(CLAIMS), "{event}");
    let event = event.replace(CLAIMS, claims.get());
    // Fails for some numbers and strings.
    let read = serde_json::from_str::<Value>(claims.get());
    let user = read.as_ref().ok().and_then(|claims| UserId::parse(claims.get("sub")?.as_str()?).ok());
    let status = fuzz::ask_event(Authenticator::gateway("organizations/service"), &event, |request| {
        assert!(read.is_err() || user.as_ref() == Some(request.caller()), "{}", claims.get());
        Ok(())
    });
    assert!([200, 401].contains(&status), "{status}: {}", claims.get());
    assert!(user.is_none() || status == 200, "{status}: {}", claims.get());
});
