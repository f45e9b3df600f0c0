//! `cursor`: the API could have issued every cursor that it accepts, and DynamoDB can list what follows.
#![no_main]

use fuzz::{Asked, World};
use libfuzzer_sys::fuzz_target;
use shared::edge::percent_encoded;
use shared::identity::Authenticator;
use std::cell::RefCell;

fuzz_target!(|cursor: &str| {
    let query = format!("?limit=7&cursor={}", percent_encoded(cursor));
    let target = format!("/organization/list{query}");
    let asked = Asked { caller: Some("ann"), method: "GET", target: &target, ..Asked::default() };
    let position = RefCell::default();
    fuzz::ask(Authenticator::gateway("organizations/service"), &asked, |request| {
        let page = request.page("organizations", &[])?;
        let after = page.after.as_deref().unwrap();
        assert_eq!((page.limit, page.next(after)), (7, query.clone()));
        position.replace(after.to_owned());
        Ok(())
    });
    if let position = position.into_inner()
        && !position.is_empty()
    {
        World::with(|world| world.list_after(&position));
    }
});
