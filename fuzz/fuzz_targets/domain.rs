//! Domains: an accepted domain is normalized, and parsing it again does not change it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::model::Domain;

fuzz_target!(|text: &str| {
    let Ok(domain) = Domain::parse(text) else { return };
    let ascii = domain.as_str();
    assert_eq!(Domain::parse(ascii).unwrap(), domain);
    assert!(ascii.len() <= 253 && ascii.contains('.'), "{ascii}");
    assert!(
        ascii.bytes().all(|byte| b"-.".contains(&byte) || byte.is_ascii_digit() || byte.is_ascii_lowercase())
    );
});
