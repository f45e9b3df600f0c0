//! What several of the suites use: a DynamoDB of a test's own, a proxy before it that is full of
//! faults, the functions in this process, and what must hold of the whole table.

pub mod database;
pub mod event;
pub mod faults;
pub mod functions;
pub mod instance;
pub mod invariants;
pub mod proxy;
pub mod runtime_api;
