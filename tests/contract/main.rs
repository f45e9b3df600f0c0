//! The places that spell out the operations, held against one another, and the documents held
//! against what the code does: nothing here runs the API.
//!
//! - [`documents`]: the tests that documents name
//! - [`names`]: one name, method and path for an operation, wherever it stands
//! - [`openapi`]: openapi.yaml's responses and errors
//! - [`template`]: template.yaml's identity rules
//!
//! [`places`] reads the files.

mod documents;
mod names;
mod openapi;
mod places;
mod template;
