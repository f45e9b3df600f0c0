//! The models, the DynamoDB access and the HTTP edge, shared by all functions.
//!
//! A request takes three hops: a function's handler, one method of [`store::Store`], the AWS SDK.
//! [`edge`] turns a Lambda event into an [`edge::Request`] with an authenticated caller, and the
//! handler's [`edge::Response`] or [`edge::Error`] into an HTTP response. A handler parses each value
//! once, into a type of [`model`]; from there on, values are valid by type.
//!
//! Imports go one way: [`edge`] is on top, then [`identity`] and [`telemetry`], then [`store`],
//! [`settings`], [`error`], and [`model`] at the bottom.

pub mod edge;
pub mod error;
pub mod identity;
pub mod model;
pub mod settings;
pub mod store;
pub mod telemetry;
