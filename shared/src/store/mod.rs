//! One table with the keys `pk` and `sk`. Every access pattern is one method of [`Store`], in its own
//! file in `operations/`.
//!
//! | item | pk | sk | attributes |
//! |---|---|---|---|
//! | organization | `ORG#<id>` | `ORG#<id>` | its fields, `owners`, `privileged`, `change`, `lastMutations`, `invitationsCreated` |
//! | member | `ORG#<id>` | `MEMBER#<sub>` | `userId`, `addedBy`, `joinedAt`, `invitation` |
//! | invitation | `ORG#<id>` | `INVITATION#<id>` | its fields, `secretHash`, `acceptedBy` |
//! | event | `ORG#<id>` | `EVENT#<number>` | its fields, `snapshot`: the organization as it left it |
//! | usage | `ORG#<id>` | `USAGE#<first day>` | `used`, `fence`, the limit that it was judged by, `lastMutations` |
//! | told threshold | `ORG#<id>` | `THRESHOLD#<first day>#<percent>` | none |
//! | purged organization | `ORG#<id>` | `PURGED` | none |
//! | membership | `USER#<sub>` | `ORG#<id>` | none |
//! | user | `USER#<sub>` | `USER#<sub>` | `organizations`: how many the user has created |
//! | external id | `EXTERNAL#<external id>` | `EXTERNAL#<external id>` | `organizationId` |
//! | idempotency record | `USER#<caller>` | `IDEMPOTENCY#<key>`, `REPORT#<id>#<key>` | the first answer |
//!
//! All reads are strongly consistent, and there is no index. A member is stored twice. The item in the
//! organization's partition serves its list of members. The item in the user's partition serves that
//! user's list of organizations. It also authorizes reads, so that checking a caller reads the caller's
//! own partition. Roles are stored once, in two sets of the organization's item, so that one conditional
//! write both authorizes a change and makes it.
//!
//! README.md lists the requests of each operation, and docs/cost/capacity.csv their capacity.
//!
//! - `keys`, `items`, `idempotency`: stored items and their keys
//! - `rules`: conditions of writes, with their errors; `guard`, `change`: writes guarded by rules
//! - `metering`: the write of a report of usage
//! - `stream`: what the records of the table's stream mean
//! - `reading`: reads on behalf of a caller
//! - `table`, `transaction`: the only code that calls DynamoDB
//! - `client`: connections, time-outs, retries, metering

mod change;
mod client;
mod guard;
mod idempotency;
mod items;
mod keys;
mod metering;
mod operations;
mod previous_events;
mod reading;
mod rules;
mod stream;
mod table;
mod transaction;

pub use client::connect::config_from_env;
pub use client::warm_up::rehearsal;
pub use client::{deadline, meter};
pub use operations::Events;
pub use reading::Access;
pub use stream::{Recorded, RecordedEvent, RemovedOrganization};
pub use table::{Page, Store};
