//! External ids: an accepted one is printable, of bounded length, and finds the organization that was created with it
//! and no other.
#![no_main]

use fuzz::World;
use libfuzzer_sys::fuzz_target;
use shared::model::ExternalId;

fuzz_target!(|text: &str| {
    let Ok(id) = ExternalId::parse(text) else { return };
    assert_eq!(id.as_str(), text);
    assert!((1..=128).contains(&text.len()) && text.bytes().all(|byte| (0x21..=0x7e).contains(&byte)));
    World::with(|world| world.create_and_find(&id));
});
