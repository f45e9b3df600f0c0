//! One table, `pk` and `sk`. Every access pattern is one method of [`Store`], in a file of its own.
//!
//! | item | pk | sk |
//! |---|---|---|
//! | organization | `ORG#<id>` | `ORG#<id>` |
//! | membership | `USER#<sub>` | `ORG#<id>` |
//! | idempotency record | `USER#<sub>` | `IDEMPOTENCY#<key>` |
//!
//! Memberships live in the user's partition, so that a user's list is strongly consistent and every
//! authorization read hits that user's own partition. The sparse index `members` (organizationId,
//! userId) lists an organization's members. The organization item repeats its privileged few, so
//! that one conditional write both authorizes and changes it: see `guard.rs`.
//!
//! | method | DynamoDB requests when it succeeds |
//! |---|---|
//! | `create_organization` | 1 TransactWriteItems |
//! | `list_organizations` | 1 Query + 1 BatchGetItem per 100 organizations, in parallel |
//! | `get_organization` | 1 BatchGetItem |
//! | `update_organization`, `set_max_overages` | 1 UpdateItem |
//! | `add_member` | 1 TransactWriteItems |
//! | `update_member` | 1 GetItem, then 1 TransactWriteItems |
//! | `remove_member` | 1 TransactWriteItems, then 1 GetItem |
//! | `list_members` | 1 BatchGetItem, then 1 Query |

mod add_member;
mod client;
mod create_organization;
pub mod deadline;
mod failure;
mod get_organization;
mod guard;
mod idempotency;
mod items;
mod keys;
mod list_members;
mod list_organizations;
pub mod meter;
mod names;
mod page;
mod privileges;
mod refusal;
mod remove_member;
mod retry;
mod set_max_overages;
mod transaction;
mod unanswered;
mod update_member;
mod update_organization;
mod warm_up;

use aws_sdk_dynamodb::Client;
use std::sync::Arc;

/// The organizations table.
#[derive(Clone)]
pub struct Store {
    client: Client,
    table: Arc<str>,
}

/// One page of a list.
#[derive(Debug)]
pub struct Listed<T> {
    /// The items of the page.
    pub items: Vec<T>,
    /// Where the next page starts, if there is one.
    pub next: Option<String>,
}
