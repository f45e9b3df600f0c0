//! Shared by several suites, the benchmark and the fuzz targets: a DynamoDB for one test, a proxy in front of
//! it that injects faults, an EventBridge bus, the functions in this process or as processes, a valid request of each
//! operation, the table's invariants, and percentiles.

pub mod bus;
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
