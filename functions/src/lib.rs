//! The operations of the API: one module each, and one list of them all. [`record_events`] is not an operation: it
//! reads the table's stream.
//!
//! A handler follows its description in openapi.yaml: parse, act, answer. Each binary in `src/bin`
//! serves one handler.

pub mod accept_invitation;
pub mod add_member;
pub mod create_invitation;
pub mod create_organization;
pub mod delete_organization;
pub mod delete_user;
pub mod get_member;
pub mod get_organization;
pub mod get_usage;
pub mod list_events;
pub mod list_invitations;
pub mod list_members;
pub mod list_organizations;
pub mod preview_invitation;
pub mod record_events;
pub mod record_usage;
pub mod remove_member;
pub mod restore_organization;
pub mod revoke_invitation;
pub mod set_max_overages;
pub mod set_plan;
pub mod update_member;
pub mod update_organization;

pub use shared::identity::Scope;

use shared::edge::{Endpoint, Error, Request, Response};
use shared::store::Store;

/// The deployed functions are linked statically with musl, whose own allocator is slower:
/// docs/decisions/0024-static-functions.md.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: rlsf::GlobalTlsf = rlsf::GlobalTlsf::new();

macro_rules! operations {
    ($($name:ident: $module:ident, $id:literal, $method:ident $path:literal, $scope:ident;)*) => {
        /// An operation of the API. Match on it without a wildcard, so that the compiler reports every
        /// place that does not handle a new operation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Operation {
            $(#[doc = concat!("`", $id, "`, `", stringify!($method), " ", $path, "`.")] $name,)*
        }

        impl Operation {
            /// All operations, in the order of openapi.yaml.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The operationId in openapi.yaml. The binary has the same name in kebab case.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// The HTTP method.
            pub const fn method(self) -> &'static str {
                match self { $(Self::$name => stringify!($method),)* }
            }

            /// The path. `{organization_id}`, `{user_id}` and `{invitation_id}` stand for path parameters.
            pub const fn path(self) -> &'static str {
                match self { $(Self::$name => $path,)* }
            }

            /// The scope that a token must have. API Gateway checks it; template.yaml sets it for each
            /// route. Where the function verifies the token, it checks the scope, too.
            pub const fn scope(self) -> Scope {
                match self { $(Self::$name => Scope::$scope,)* }
            }

            /// What the edge must know of it.
            pub const fn endpoint(self) -> Endpoint {
                Endpoint { operation: self.id(), scope: self.scope() }
            }

            /// Calls the operation's handler. A binary calls its handler directly, so that it does not
            /// link the others.
            ///
            /// # Errors
            /// Those in openapi.yaml for the operation.
            pub async fn handle(self, request: Request, store: Store) -> Result<Response, Error> {
                match self { $(Self::$name => $module::handle(request, store).await,)* }
            }
        }
    };
}

operations! {
    CreateOrganization: create_organization, "createOrganization", POST "/organization", Write;
    ListOrganizations: list_organizations, "listOrganizations", GET "/organization/list", Read;
    GetOrganization: get_organization, "getOrganization", GET "/organization/{organization_id}", Read;
    UpdateOrganization: update_organization, "updateOrganization", PUT "/organization/{organization_id}", Write;
    DeleteOrganization: delete_organization, "deleteOrganization", DELETE "/organization/{organization_id}", Write;
    RestoreOrganization: restore_organization, "restoreOrganization", POST "/organization/{organization_id}/restore", Write;
    SetMaxOverages: set_max_overages, "setMaxOverages", PATCH "/organization/{organization_id}/max-overages", Write;
    SetPlan: set_plan, "setPlan", PATCH "/organization/{organization_id}/plan", Service;
    RecordUsage: record_usage, "recordUsage", POST "/organization/{organization_id}/usage", Service;
    GetUsage: get_usage, "getUsage", GET "/organization/{organization_id}/usage", Read;
    ListEvents: list_events, "listEvents", GET "/organization/{organization_id}/event", Read;
    ListMembers: list_members, "listMembers", GET "/organization/{organization_id}/member", Read;
    AddMember: add_member, "addMember", POST "/organization/{organization_id}/member", Service;
    GetMember: get_member, "getMember", GET "/organization/{organization_id}/member/{user_id}", Read;
    UpdateMember: update_member, "updateMember", PATCH "/organization/{organization_id}/member/{user_id}", Write;
    RemoveMember: remove_member, "removeMember", DELETE "/organization/{organization_id}/member/{user_id}", Write;
    CreateInvitation: create_invitation, "createInvitation", POST "/organization/{organization_id}/invitation", Write;
    ListInvitations: list_invitations, "listInvitations", GET "/organization/{organization_id}/invitation", Read;
    RevokeInvitation: revoke_invitation, "revokeInvitation", DELETE "/organization/{organization_id}/invitation/{invitation_id}", Write;
    PreviewInvitation: preview_invitation, "previewInvitation", POST "/invitation/preview", Write;
    AcceptInvitation: accept_invitation, "acceptInvitation", POST "/invitation/accept", Write;
    DeleteUser: delete_user, "deleteUser", DELETE "/user/{user_id}", Write;
}
