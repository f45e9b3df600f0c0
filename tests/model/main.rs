//! Histories of requests to all operations, compared with a reference model.
//!
//! [`action`] and [`effect`] have everything specific to one operation. `HISTORIES=10 cargo test --test model -- --nocapture`
//! runs ten times as many histories as usual, and prints statistics. A failure reports its seed; `SEED=…`
//! repeats its requests.

mod action;
mod clients;
mod concurrent;
mod effect;
mod histories;
mod instance;
mod linearizable;
mod lists;
mod model;
mod moment;
mod organization;
mod request;
mod sequential;
mod steps;
mod strategy;
mod values;
