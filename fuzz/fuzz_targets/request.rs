//! Sequences of requests, converted to events as API Gateway converts them. An input is a text:
//!
//! ```text
//! ann PUT /organization/org_01ARZ3NDEKTSV4RRFFQ69G5FAV
//! if-match: "3"
//!
//! {"name": "Acme"}
//! ----
//! bob GET /organization/list?limit=1
//! ```
#![no_main]

use fuzz::{Asked, World};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    World::with(|world| {
        for request in text.split("\n----\n").take(8) {
            let (head, body) = match request.split_once("\n\n") {
                Some((head, body)) => (head, Some(body)),
                None => (request, None),
            };
            let mut lines = head.lines();
            let mut words = lines.next().unwrap_or_default().splitn(3, ' ');
            let (caller, method) = (words.next(), words.next().unwrap_or_default());
            let target = words.next().unwrap_or_default();
            let headers = lines.filter_map(|line| line.split_once(": ")).collect();
            let asked = Asked { caller, method, target, headers, body };
            if let Some((operation, _)) = asked.operation() {
                world.invoke(operation, &fuzz::event(&asked).to_string());
            }
        }
    });
});
