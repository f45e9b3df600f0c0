//! `If-Match` and `If-None-Match`: both parse a value the same way.
#![no_main]

use fuzz::Asked;
use libfuzzer_sys::fuzz_target;
use shared::identity::Authenticator;
use shared::model::ExpectedVersion;

fuzz_target!(|value: &str| {
    let headers = vec![("if-match", value), ("if-none-match", value)];
    let asked = Asked { caller: Some("ann"), headers, ..Asked::default() };
    fuzz::ask(Authenticator::gateway(), &asked, |request| {
        match (request.if_match(), request.if_none_match()) {
            (Ok(ExpectedVersion::Any), Ok(held)) => assert!(value.trim() == "*" && held.has(1)),
            (Ok(ExpectedVersion::OneOf(versions)), Ok(held)) => {
                assert!(versions.len() <= 50);
                for version in versions {
                    assert!(held.has(version) && value.contains(&format!("\"{version}\"")));
                }
            }
            (Err(_), Err(_)) => {}
            (one, other) => panic!("{one:?} {other:?}"),
        }
        Ok(())
    });
});
