//! The functions before a DynamoDB that fails, falls silent or goes away, by a proxy.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![allow(unreachable_pub, reason = "nothing outside reaches a test")]

mod freeze;
