//! What several suites, the benchmark and the fuzz targets use: a DynamoDB of a test's own, a proxy in
//! front of it that makes faults, the functions in this process or as processes, a good request of each
//! operation, what must hold of the whole table, and percentiles.

pub mod database;
pub mod event;
pub mod example;
pub mod faults;
pub mod in_process;
pub mod instance;
pub mod invariants;
pub mod permissions;
pub mod proxy;
pub mod runtime_api;
pub mod statistics;
