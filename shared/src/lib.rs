//! What the nine functions share: the models, the DynamoDB access and the HTTP edge.
//!
//! A request takes three hops: a function's handler, one method of [`store::Store`], the SDK.
//! [`edge`] turns a Lambda event into an [`edge::Request`] whose caller is authenticated, and the
//! handler's answer or [`error::Error`] into a response. Values are parsed once, at the edge, into
//! the types of [`model`]; past it they are valid by type.

pub mod edge;
pub mod error;
pub mod identity;
pub mod model;
pub mod store;
pub mod telemetry;
