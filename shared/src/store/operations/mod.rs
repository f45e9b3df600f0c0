//! One access pattern in each file: its first line names the keys and the guard. No file calls another.

mod add_member;
mod create_organization;
mod get_organization;
mod list_members;
mod list_organizations;
mod remove_member;
mod set_max_overages;
mod update_member;
mod update_organization;
