//! Histories of requests to all operations, compared with a reference model.
//!
//! The files `record*` add a consumer of the table's stream.
//!
//! [`action`], [`choice`], [`validity`], [`effect`] and [`parts`] have everything specific to one operation. `HISTORIES=10 cargo test --test model -- --nocapture`
//! runs ten times as many histories as usual, and prints statistics. A failure reports its seed; `SEED=…`
//! repeats its requests.

mod action;
mod answer;
mod choice;
mod clients;
mod clock;
mod concurrent;
mod effect;
mod erasure;
mod exactness;
mod exactness_checks;
mod exactness_clients;
mod exactness_stream;
mod hidden;
mod histories;
mod instance;
mod invitation;
mod joining;
mod known;
mod linearizable;
mod lists;
mod model;
mod moment;
mod organization;
mod parts;
mod record;
mod record_answers;
mod record_bus;
mod record_consumer;
mod record_facts;
mod record_lists;
mod record_model;
mod record_removal;
mod record_table;
mod reports;
mod request;
mod sequential;
mod steps;
mod strategy;
mod totals;
mod usage;
mod validity;
mod values;
