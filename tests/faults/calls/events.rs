//! Calls about events.

use super::{CURRENT, Call, STALE};
use crate::filling::Filled;
use functions::Operation::ListEvents;

/// Whether a page before the newest event is complete depends on which events are stored.
const NEWEST: &str = "after=9007199254740991";

pub(super) fn calls() -> Vec<Call> {
    let known = &[("if-none-match", "\"{current}\"")];
    vec![
        Call::new("list a page of events", ListEvents, 200).by("bob").page("limit=1").like_another(),
        Call::new("list events at the current version", ListEvents, 200).with(CURRENT).like_another(),
        Call::new("list events at another version", ListEvents, 412).with(STALE),
        Call::new("list known events", ListEvents, 304).page(NEWEST).with(known),
        Call::new("list events of one that is gone", ListEvents, 404).on(Filled::Gone).like_another(),
    ]
}
