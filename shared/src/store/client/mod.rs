//! Connections and time: connecting, warm-up during init, deadlines, retries and metering.

pub(super) mod connect;
pub mod deadline;
mod dns;
pub(super) mod failure;
mod in_doubt;
pub mod meter;
pub(super) mod retry;
pub(super) mod warm_up;
