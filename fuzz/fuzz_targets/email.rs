//! E-mail addresses: an accepted address is normalized, and parsing it again does not change it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::model::{Domain, Email};

fuzz_target!(|text: &str| {
    let Ok(email) = Email::parse(text) else { return };
    let address = email.as_str();
    assert!(Email::parse(address).is_ok_and(|same| same == email), "{address}");
    assert!(address.len() <= 254 && address.is_ascii(), "{address}");
    assert!(!address.contains(|c: char| c.is_ascii_uppercase() || c.is_ascii_whitespace()), "{address}");
    let (local, domain) = address.split_once('@').unwrap();
    assert!((1..=64).contains(&local.len()) && !domain.contains('@'), "{address}");
    assert!(!local.starts_with('.') && !local.ends_with('.') && !local.contains(".."), "{address}");
    assert!(
        local.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"(),:;<>@[\\]".contains(&byte)),
        "{address}"
    );
    assert_eq!(Domain::parse(domain).unwrap().as_str(), domain);
});
