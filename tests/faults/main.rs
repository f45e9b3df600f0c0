//! The functions with a DynamoDB that fails, does not answer or closes connections, by means of a proxy; and
//! what their roles must allow, and what strangers cause.
//!
//! `cargo test --test faults -- --nocapture` prints the outcome of every fault at
//! every request.

mod calls;
mod cell;
mod contents;
mod freeze;
mod matrix;
mod outcome;
mod roles;
mod strangers;
mod world;
