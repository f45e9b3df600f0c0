//! The functions before a DynamoDB that fails, falls silent or goes away, by a proxy; and what their
//! roles have to allow.
//!
//! `cargo test --test faults -- --nocapture` shows what every fault at every request comes to.

mod calls;
mod cell;
mod contents;
mod freeze;
mod matrix;
mod outcome;
mod roles;
mod world;
