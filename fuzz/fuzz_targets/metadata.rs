//! `metadata`: an object of strings is accepted if each of its keys occurs once and all is within the bounds, and
//! then kept as it is.
#![no_main]

use fuzz::Asked;
use libfuzzer_sys::fuzz_target;
use shared::identity::Authenticator;
use shared::model::Metadata;
use std::collections::BTreeMap;

fuzz_target!(|text: &str| {
    let body = format!("{{\"metadata\": {text}}}");
    let headers = vec![("content-type", "application/json")];
    let asked =
        Asked { caller: Some("ann"), method: "POST", target: "/organization", headers, body: Some(&body) };
    fuzz::ask(Authenticator::gateway("organizations/service"), &asked, |request| {
        let mut body = request.body()?;
        let pairs = body.strings("metadata")?.unwrap();
        body.end()?;
        assert_eq!(serde_json::from_str::<BTreeMap<String, String>>(text).unwrap(), pairs);
        assert_eq!(strings(text), 2 * pairs.len(), "a key occurs twice");
        let metadata = Metadata::parse(pairs.clone()).map_err(|invalid| invalid.at("metadata"));
        assert_eq!(metadata.is_ok(), is_within_bounds(&pairs));
        let metadata = metadata?;
        assert_eq!(metadata.is_empty(), pairs.is_empty());
        assert_eq!(serde_json::to_value(metadata).unwrap(), serde_json::to_value(pairs).unwrap());
        Ok(())
    });
});

fn is_within_bounds(pairs: &BTreeMap<String, String>) -> bool {
    let is_key = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let bytes: usize = pairs.iter().map(|(key, value)| key.len() + value.len()).sum();
    pairs.len() <= 10
        && bytes <= 1024
        && pairs.keys().all(|key| (1..=40).contains(&key.len()) && key.bytes().all(is_key))
        && pairs.values().all(|value| value.len() <= 256 && !value.chars().any(char::is_control))
}

/// The number of strings in a JSON text. Only strings contain quotes and backslashes.
fn strings(json: &str) -> usize {
    let mut is_escaped = false;
    let quotes = json.bytes().filter(|byte| {
        let is_quote = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        is_quote
    });
    quotes.count() / 2
}
