//! The black-box suite: every operation over HTTP, against the local stack or a deployed one.
//!
//! One file per operation, and these across operations:
//!
//! - [`access_matrix`]: who may do what; [`existence`]: what a stranger learns, which is nothing
//! - [`order_of_checks`]: which of several errors is answered
//! - [`tokens`], [`forged_tokens`], [`gateway_events`]: which identities are verified
//! - [`bodies`], [`paths`], [`names_and_domains`], [`preconditions`]: the edges of requests
//! - [`idempotency`]: a creation that is sent again
//! - [`unavailable`]: a DynamoDB that throttles or is contended
//! - [`reference`]: the page of `cargo local`, as far as it takes no browser
//! - [`races`], [`too_many_admins`], [`many_organizations`], [`broken_rows`]: the edges of data
//!
//! [`stack`] finds what is tested, [`host`] starts it if it is the local stack, [`failing`] has DynamoDB
//! fail there, [`client`] sends, and [`organizations`] builds.

mod client;
mod failing;
mod host;
mod organizations;
mod stack;

mod add_member;
mod create_organization;
mod get_organization;
mod list_members;
mod list_organizations;
mod remove_member;
mod set_max_overages;
mod update_member;
mod update_organization;

mod access_matrix;
mod bodies;
mod broken_rows;
mod existence;
mod forged_tokens;
mod gateway_events;
mod idempotency;
mod many_organizations;
mod names_and_domains;
mod order_of_checks;
mod paths;
mod preconditions;
mod races;
mod reference;
mod tokens;
mod too_many_admins;
mod unavailable;
