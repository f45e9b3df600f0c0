//! Each access pattern of the store, with the real SDK client against an embedded DynamoDB: what it writes,
//! which errors it returns, and what it costs. [`budgets`] checks requests and capacity, and [`item_sizes`]
//! checks bytes.

mod accept_invitation;
mod acceptance_moments;
mod add_member;
mod budgets;
mod conflicts;
mod create_invitation;
mod create_organization;
mod deadline;
mod delete_organization;
mod external_ids;
mod get_member;
mod get_organization;
mod get_usage;
mod idempotency;
mod invitation_moments;
mod invitations;
mod item_sizes;
mod keyed_reports;
mod list_invitations;
mod list_members;
mod list_organizations;
mod lost_answers;
mod lost_deletion_answers;
mod lost_invitation_answers;
mod lost_usage_answers;
mod meanwhile;
mod member_limit;
mod one_moment;
mod pending_limit;
mod preview_invitation;
mod record_usage;
mod remove_member;
mod restore_organization;
mod revoke_invitation;
mod set_max_overages;
mod set_plan;
mod table;
mod update_member;
mod update_organization;
mod usage;
mod usage_fence;
mod warm_up;
