//! Compares the places that name the operations, and compares documents with the code. Does not run the API, but for
//! [`events`], which runs functions in this process.
//!
//! - [`documents`]: the tests, paths and files that documents name
//! - [`events`]: the examples in docs/events.md, and docs/events.schema.json
//! - [`names`]: one name, method, path and scope for an operation everywhere
//! - [`openapi`]: openapi.yaml's responses and errors
//! - [`template`]: template.yaml's identity rules and time-out
//!
//! [`places`] reads the files.

mod documents;
mod events;
mod names;
mod openapi;
mod places;
mod template;
