//! The API on a developer's machine: an embedded DynamoDB with the table of template.yaml, an
//! identity provider that signs tokens, and all functions behind `cargo lambda watch`. Never deployed.
//!
//! The binary is `cargo local`. The library starts the same [`Stack`] for the black-box tests.
//!
//! Ports: the API, DynamoDB and the API reference each have one on 127.0.0.1, behind a check that keeps web pages
//! of other origins out. It forwards requests to cargo-lambda and to the embedded DynamoDB, which check nothing
//! and listen on addresses that no web page can find out.
//!
//! Events: an event source mapping reads the stream of the embedded DynamoDB and invokes the function `record-events`,
//! as Lambda does. What the function sends to EventBridge comes to a bus here, which shows and keeps it.
//!
//! Processes: this process serves DynamoDB from a thread and holds a pipe to `local supervise`, which
//! runs cargo-lambda, which runs the functions. The pipe closes on [`Stack::stop`], on a crash, and on
//! `kill -9`. The supervisor then ends everything below it.

mod api;
mod bus;
mod cargo_lambda;
mod child_output;
mod consumer;
mod credentials;
mod data_dir;
pub mod dynamodb;
mod env_file;
mod error;
pub mod event_source;
mod events;
mod forward;
mod front;
mod functions;
mod identity;
mod loopback;
pub mod openapi;
pub mod process;
mod reference;
mod settings;
mod stack;
pub mod supervisor;
mod swagger_ui;
pub mod table;
mod template;
mod uuid;
mod workspace;

pub use bus::BusEvent;
pub use consumer::{Output, TIMEOUT as CONSUMER_TIMEOUT};
pub use data_dir::{DATABASE, EVENTS, LOG, forget};
pub use dynamodb::{Dynamodb, start_in_memory};
pub use error::Error;
pub use event_source::{EventSourceMapping, MappingOptions};
pub use events::follow_events;
pub use functions::build;
pub use identity::{AUDIENCE, ISSUER, Identity, READ_SCOPE, SERVICE_SCOPE, TOKEN_LIFETIME, WRITE_SCOPE};
pub use loopback::http_client;
pub use reference::Reference;
pub use settings::Settings;
pub use stack::{Database, Options, Stack};
pub use table::TABLE_NAME;
pub use workspace::{default_data_dir, workspace_root};
