//! One access pattern per file. Its first lines name the keys and the guard. No file calls another.

mod accept_invitation;
mod add_member;
mod create_invitation;
mod create_organization;
mod delete_organization;
mod delete_user;
mod get_member;
mod get_organization;
mod get_usage;
mod list_events;
mod list_invitations;
mod list_members;
mod list_organizations;
mod preview_invitation;
mod purge_organization;
mod record_events;
mod record_usage;
mod remove_member;
mod restore_organization;
mod revoke_invitation;
mod set_max_overages;
mod set_plan;
mod update_member;
mod update_organization;

pub use list_events::Events;
