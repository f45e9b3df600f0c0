//! The functions against a DynamoDB that fails, does not answer or closes connections, through a proxy. Also
//! the permissions that their roles need, and the requests that strangers cause.
//!
//! `cargo test --test faults -- --nocapture` prints the outcome of every fault at
//! every request.

mod calls;
mod cell;
mod contents;
mod filling;
mod forgotten;
mod freeze;
mod matrix;
mod outcome;
mod pace;
mod recorder;
mod roles;
mod strangers;
mod team;
mod world;
