//! Histories of requests of all operations, held against a reference model of the API.
//!
//! `HISTORIES=10 cargo test --test model -- --nocapture` makes ten times as many as usual and says
//! what it made. `SEED=…` makes those again that a failure names.

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
