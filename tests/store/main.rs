//! Each access pattern of the store, with the real SDK client against an embedded DynamoDB: what it writes,
//! which errors it returns, and what it costs. [`budgets`] checks requests and capacity, and [`item_sizes`]
//! checks bytes.

mod add_member;
mod budgets;
mod create_organization;
mod deadline;
mod get_organization;
mod idempotency;
mod item_sizes;
mod list_members;
mod list_organizations;
mod lost_answers;
mod one_moment;
mod remove_member;
mod set_max_overages;
mod table;
mod update_member;
mod update_organization;
mod warm_up;
