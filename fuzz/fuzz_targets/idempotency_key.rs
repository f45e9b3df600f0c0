//! `Idempotency-Key`: an accepted key is printable, of bounded length, and equal to its quoted form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::model::IdempotencyKey;

fuzz_target!(|value: &str| {
    let Ok(key) = IdempotencyKey::parse(value) else { return };
    let key = key.as_str();
    assert!((1..=255).contains(&key.len()) && key.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
    let quoted = format!("\"{}\"", key.replace('\\', r"\\").replace('"', "\\\""));
    assert!(IdempotencyKey::parse(&quoted).is_ok_and(|same| same.as_str() == key));
});
