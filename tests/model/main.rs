//! Histories of requests to all operations, compared with a reference model of the API.
//!
//! [`action`] has all that is specific to one operation. `HISTORIES=10 cargo test --test model --
//! --nocapture` makes ten times as many histories as usual and prints their numbers. `SEED=…` repeats the
//! histories of a failure, which names its seed.

mod action;
mod clients;
mod concurrent;
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
