//! Billing periods: an accepted text is a day or its month, and a period that takes reports takes them for at most
//! 401 days from now.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::model::{Period, Timestamp};

const DAY: u64 = 24 * 60 * 60;

fuzz_target!(|text: &str| {
    let Ok(period) = Period::parse(text) else { return };
    let day = period.to_string();
    assert!(day == text || day == format!("{text}-01"), "{text} {day}");
    assert!(Period::parse(&day).is_ok_and(|same| same == period), "{day}");
    assert_eq!(day.bytes().filter(u8::is_ascii_digit).count(), 8, "{day}");
    let now = Timestamp::seconds_now();
    if let Ok(period) = period.reportable() {
        let end = period.end_of_reports();
        assert!(now < end && end <= now + 401 * DAY, "{day} ends at {end}");
    }
});
