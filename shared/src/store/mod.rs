//! One table with the keys `pk` and `sk`. Every access pattern is one method of [`Store`], in its own
//! file in `operations/`.
//!
//! | item | pk | sk | attributes |
//! |---|---|---|---|
//! | organization | `ORG#<id>` | `ORG#<id>` | its fields, `owners`, `privileged`, `lastMutations` |
//! | member | `ORG#<id>` | `MEMBER#<sub>` | `userId`, `addedBy`, `joinedAt` |
//! | membership | `USER#<sub>` | `ORG#<id>` | none |
//! | idempotency record | `USER#<sub>` | `IDEMPOTENCY#<key>` | the first answer |
//!
//! All reads are strongly consistent, and there is no index. A member is stored twice. The item in the
//! organization's partition serves its list of members. The item in the user's partition serves that
//! user's list of organizations, and authorization, which thus reads the caller's own partition. Roles
//! are stored once, in two sets of the organization's item, so that one conditional write both
//! authorizes a change and makes it.
//!
//! | method | DynamoDB requests when it succeeds |
//! |---|---|
//! | `create_organization` | 1 TransactWriteItems |
//! | `list_organizations` | 1 Query + 1 BatchGetItem per 100 organizations, in parallel |
//! | `get_organization` | 1 BatchGetItem |
//! | `update_organization`, `set_max_overages` | 1 UpdateItem |
//! | `add_member` | 1 TransactWriteItems |
//! | `update_member` | 1 BatchGetItem, then 1 TransactWriteItems |
//! | `remove_member` | 1 TransactWriteItems, then 1 GetItem |
//! | `list_members` | 1 BatchGetItem, then 1 Query |
//!
//! - `keys`, `items`, `idempotency`: stored items and their keys
//! - `rules`: conditions of writes, with their errors; `change`: writes guarded by rules
//! - `membership`: reads of the caller's membership
//! - `table`, `transaction`: the only code that calls DynamoDB
//! - `client`: connections, time-outs, retries, metering

mod change;
mod client;
mod idempotency;
mod items;
mod keys;
mod membership;
mod operations;
mod rules;
mod table;
mod transaction;

pub use client::{deadline, meter};
pub use table::{Page, Store};
