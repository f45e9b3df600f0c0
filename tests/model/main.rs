//! Histories of requests of all operations, held against a reference model of the API.
//!
//! `HISTORIES=10 cargo test --test model -- --nocapture` makes ten times as many as usual and says
//! what it made. `SEED=…` makes those again that a failure names.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and tells of its seed"
)]
#![allow(unreachable_pub, reason = "nothing outside reaches a test")]

mod clients;
mod concurrent;
mod histories;
mod instance;
mod linearizable;
mod model;
mod moment;
mod organization;
mod request;
mod sequential;
mod steps;
mod strategy;
