//! The functions before a DynamoDB that fails, falls silent or goes away, by a proxy.
//!
//! `cargo test --test faults -- --nocapture` shows what every fault at every request comes to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and tells what it saw"
)]
#![allow(unreachable_pub, reason = "nothing outside reaches a test")]

mod calls;
mod cell;
mod contents;
mod freeze;
mod matrix;
mod outcome;
mod world;
