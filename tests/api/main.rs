//! The black-box suite: every operation over HTTP, against the local stack or a deployed one.
//!
//! One file per operation, and these across operations:
//!
//! - [`access_matrix`]: authorization; [`existence`]: strangers learn nothing
//! - [`order_of_checks`]: which of several errors is returned
//! - [`tokens`], [`forged_tokens`], [`scopes`], [`gateway_events`]: authentication
//! - [`bodies`], [`media_types`], [`paths`], [`user_ids`], [`parameters`], [`names_and_domains`],
//!   [`preconditions`], [`precondition_matrix`]: the limits of requests; [`quotes`]: what errors quote of them
//! - [`idempotency`], [`usage_keys`], [`usage_records`]: repeated creations and reports
//! - [`usage_limits`], [`usage_races`]: the limit of usage
//! - [`services`]: callers that are no users; [`abuse`]: users who act against others
//! - [`deleted_organizations`]: who knows of a deleted organization, and what is left of it
//! - [`renewals`], [`invited_addresses`], [`inviters`], [`invitee_email`], [`invitation_secrets`],
//!   [`invitation_limits`], [`overtaken`], [`invitation_races`], [`joining_races`]: invitations
//! - [`event_types`]: what each type of event says
//! - [`metadata`], [`external_ids`], [`external_id_lookups`], [`external_id_races`]: what clients note about an
//!   organization; [`organization_fields`]: which answers show it
//! - [`unavailable`]: a DynamoDB that throttles or has conflicts
//! - [`reference`]: the ports of `cargo local`, without a browser
//! - [`races`], [`too_many_members`], [`member_races`], [`too_many_admins`], [`too_many_organizations`],
//!   [`many_organizations`], [`broken_rows`]: the limits of data
//!
//! [`stack`] finds the stack to test, and [`host`] starts it if it is local. [`failing`] makes its DynamoDB
//! fail. [`gateway`] knows what API Gateway answers in front of a deployed stack. [`client`] sends requests,
//! [`organizations`], [`invitations`] and [`metering`] build test data, and [`examples`] has a valid request of each
//! operation.
//! [`table`] writes past the API, and [`in_process`] runs functions without a stack.

mod client;
mod examples;
mod failing;
mod gateway;
mod host;
mod in_process;
mod invitations;
mod metering;
mod organizations;
mod stack;
mod table;

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
mod record_usage;
mod remove_member;
mod restore_organization;
mod revoke_invitation;
mod set_max_overages;
mod set_plan;
mod update_member;
mod update_organization;

mod abuse;
mod access_matrix;
mod bodies;
mod broken_rows;
mod deleted_organizations;
mod event_types;
mod existence;
mod external_id_lookups;
mod external_id_races;
mod external_ids;
mod forged_tokens;
mod gateway_events;
mod idempotency;
mod invitation_limits;
mod invitation_races;
mod invitation_secrets;
mod invited_addresses;
mod invitee_email;
mod inviters;
mod joining_races;
mod many_organizations;
mod media_types;
mod member_races;
mod metadata;
mod names_and_domains;
mod order_of_checks;
mod organization_fields;
mod overtaken;
mod parameters;
mod paths;
mod precondition_matrix;
mod preconditions;
mod quotes;
mod races;
mod reference;
mod renewals;
mod scopes;
mod services;
mod tokens;
mod too_many_admins;
mod too_many_members;
mod too_many_organizations;
mod unavailable;
mod usage_keys;
mod usage_limits;
mod usage_races;
mod usage_records;
mod user_ids;
