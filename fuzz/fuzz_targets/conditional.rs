//! `If-Match` and `If-None-Match`: both parse a value the same way.
#![no_main]

use fuzz::Asked;
use libfuzzer_sys::fuzz_target;
use shared::identity::Authenticator;
use shared::model::{Preconditions, Versions};

fuzz_target!(|value: &str| {
    let headers = vec![("if-match", value), ("if-none-match", value)];
    let asked = Asked { caller: Some("ann"), headers, ..Asked::default() };
    fuzz::ask(Authenticator::gateway("organizations/service"), &asked, |request| {
        let Preconditions { if_match, if_match_is_weak, if_none_match } = request.preconditions()?;
        match (if_match.unwrap(), if_none_match.unwrap()) {
            (Versions::Any, Versions::Any) => assert!(value.trim() == "*" && !if_match_is_weak),
            (Versions::OneOf(strong), Versions::OneOf(all)) => {
                assert!(all.len() <= 50);
                assert!(strong.iter().all(|version| all.contains(version)));
                assert!(all.iter().all(|version| value.contains(&format!("\"{version}\""))));
                assert!(strong.len() == all.len() || if_match_is_weak);
                assert!(!if_match_is_weak || value.contains("W/\""));
            }
            (one, other) => panic!("{one:?} {other:?}"),
        }
        Ok(())
    });
});
