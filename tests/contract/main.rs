//! Compares the places that name the operations, and compares documents with the code. Does not run the API.
//!
//! - [`documents`]: the tests, paths and files that documents name
//! - [`names`]: one name, method, path and scope for an operation everywhere
//! - [`openapi`]: openapi.yaml's responses and errors
//! - [`template`]: template.yaml's identity rules and time-out
//!
//! [`places`] reads the files.

mod documents;
mod names;
mod openapi;
mod places;
mod template;
