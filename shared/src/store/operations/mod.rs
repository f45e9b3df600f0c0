//! One access pattern per file. Its first lines name the keys and the guard. No file calls another.

mod add_member;
mod create_organization;
mod get_organization;
mod list_members;
mod list_organizations;
mod remove_member;
mod set_max_overages;
mod update_member;
mod update_organization;
