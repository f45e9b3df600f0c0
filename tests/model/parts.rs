//! The points in time at which an answered request read or changed the organization.

use crate::action::Action;
use crate::answer::Answer;
use crate::clients::Answered;
use crate::organization::Organization;
use crate::reports::shows_limit;
use crate::request::Call;
use crate::values::{NO_INVITATION, NOBODY, is_service};
use serde_json::Value;
use std::slice;

/// What a request does at one point in time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Part {
    /// Everything.
    Whole,
    /// Everything, but the answer shows a later total of the period.
    Reported,
    /// The change. The answer shows a later state.
    Change,
    /// Reads whether this user is a member, with this result.
    Membership(&'static str, bool),
    /// Reads the organization's item: whether it is deleted, its name, and who are its owners and admins.
    Access,
    /// Reads what the answer shows, except what the request reads in [`Part::Access`].
    Shown,
}

use Part::{Access, Change, Membership, Reported, Shown, Whole};

impl Action {
    /// The points in time of an answered request. The number beside a point says how many points, from the
    /// start of this list, must come before it. Otherwise, the order is free.
    pub fn parts(&self, answered: &Answered) -> Vec<(Part, usize)> {
        let Answered { call, asked, answer, .. } = answered;
        let caller = call.request.caller;
        let last_asked = asked.last().map_or("", String::as_str);
        let is_repeated = asked.iter().filter(|action| *action == "UpdateItem").count() > 1;
        // A service needs no membership.
        let membership = (!is_service(caller)).then_some((Membership(caller, true), 0));
        let as_member =
            |parts: &[(Part, usize)]| membership.into_iter().chain(parts.iter().copied()).collect::<Vec<_>>();
        let before = membership.iter().len();
        match (self, answer.code()) {
            // One BatchGetItem, which may read its items at different times.
            (Self::GetOrganization, None | Some("precondition_failed")) => as_member(&[(Shown, 0)]),
            // Then a Query reads the stored events. In these histories, none are.
            (Self::ListEvents { .. }, None) => as_member(&[(Shown, 0)]),
            (Self::GetMember { user }, Some("member_not_found")) => {
                as_member(&[(Membership(user, false), 0), (Access, 0)])
            }
            (
                Self::UpdateMember { user: NOBODY, .. } | Self::RemoveMember { user: NOBODY },
                Some("member_not_found"),
            )
            | (Self::ListInvitations { .. } | Self::ListEvents { .. }, Some("forbidden")) => {
                as_member(&[(Access, 0)])
            }
            (Self::RevokeInvitation { .. }, Some("forbidden")) if call.reference == NO_INVITATION[1] => {
                as_member(&[(Access, 0)])
            }
            // A report without a key reads the limit first. With a key, it reads the total beside it.
            (Self::RecordUsage { key, .. }, Some("overages_exhausted" | "idempotency_key_reused")) => {
                vec![(Access, 0), (Shown, usize::from(key.is_none()))]
            }
            // Any other refusal happens at one point in time.
            (_, Some(_)) => vec![(Whole, 0)],
            (Self::GetUsage { .. }, None) => as_member(&[(Access, 0), (Shown, 0)]),
            (Self::RecordUsage { .. }, None) if answer.replayed => vec![(Access, 0), (Shown, 1)],
            (Self::RecordUsage { .. }, None) if answered.reads_total_later() => {
                vec![(Access, 0), (Change, 1), (Shown, 2)]
            }
            (Self::RecordUsage { .. }, None) => vec![(Access, 0), (Change, 1)],
            (Self::GetMember { .. }, None) => as_member(&[(Access, 0), (Shown, 0)]),
            (Self::PreviewInvitation { .. }, None) => vec![(Access, 0), (Shown, 0)],
            // A BatchGetItem finds that the caller has accepted before.
            (Self::AcceptInvitation { .. }, None) if last_asked == "BatchGetItem" => {
                vec![(Access, 0), (Shown, 0)]
            }
            // The transaction was made, its answer was lost, and a later read has found the member.
            (Self::AcceptInvitation { .. }, None)
                if answer.status == 201 && last_asked == "TransactGetItems" =>
            {
                vec![(Change, 0), (Shown, 1)]
            }
            (Self::AcceptInvitation { .. }, None) => vec![(Whole, 0)],
            // A Query of the user's memberships, then a BatchGetItem of the organizations.
            (Self::ListOrganizations { of, .. }, None) if answer.body[0].is_object() => {
                vec![(Membership(of.unwrap_or(caller), true), 0), (Shown, 1)]
            }
            // The user was not a member, or the organization is not in this list.
            (Self::ListOrganizations { .. }, None) => vec![(Whole, 0)],
            // A BatchGetItem reads the caller's membership and, perhaps at another time, the organization's
            // item. Then a Query reads the members or the invitations.
            (Self::ListMembers { .. } | Self::ListInvitations { .. }, None) => {
                as_member(&[(Access, 0), (Shown, before + 1)])
            }
            (Self::RemoveMember { user }, None) if *user == caller => vec![(Change, 0), (Shown, 1)],
            (
                Self::UpdateOrganization { .. }
                | Self::DeleteOrganization
                | Self::RestoreOrganization
                | Self::SetMaxOverages { .. }
                | Self::SetPlan { .. },
                None,
            ) if !is_repeated => vec![(Whole, 0)],
            // The organization is read after the change. This read tells a retried update that its change was
            // made. The organization's item names only owners and admins. Any other caller may be a plain
            // member or a stranger, so their membership is read next.
            (
                Self::UpdateOrganization { .. }
                | Self::DeleteOrganization
                | Self::RestoreOrganization
                | Self::SetMaxOverages { .. }
                | Self::SetPlan { .. }
                | Self::RemoveMember { .. },
                None,
            ) => {
                let role = answer.body.get("role").filter(|role| *role != "owner" && *role != "admin");
                let membership = role.map(|role| (Membership(caller, role == "member"), 2));
                let membership = membership.filter(|_| !is_service(caller));
                [(Change, 0), (Shown, 1)].into_iter().chain(membership).collect()
            }
            (
                Self::CreateOrganization { .. }
                | Self::AddMember { .. }
                | Self::UpdateMember { .. }
                | Self::CreateInvitation { .. }
                | Self::RevokeInvitation { .. },
                None,
            ) => vec![(Whole, 0)],
            // It ends one membership after the other. Histories that are searched for an order have none.
            (Self::DeleteUser { .. }, None) => vec![(Whole, 0)],
        }
    }

    /// The parts of a request in a history without what reads a total apart from the limit. Then each report and each
    /// change of the limit is one point in time.
    pub fn parts_in_one_order(&self, answered: &Answered) -> Vec<(Part, usize)> {
        match (self, answered.answer.code()) {
            (Self::GetUsage { .. }, None) => vec![],
            (Self::RecordUsage { .. }, Some("overages_exhausted" | "idempotency_key_reused")) => vec![],
            (Self::RecordUsage { .. }, None) if answered.answer.replayed => vec![],
            (Self::RecordUsage { .. }, None) if answered.reads_total_later() => vec![(Reported, 0)],
            (Self::RecordUsage { .. }, None) => vec![(Whole, 0)],
            _ => self.parts(answered),
        }
    }

    /// The fields of an answer that depend on what the request reads in [`Part::Access`].
    pub fn fields_of_access(&self) -> &'static [&'static str] {
        match self {
            Self::ListMembers { .. } | Self::GetMember { .. } | Self::AcceptInvitation { .. } => &["role"],
            Self::PreviewInvitation { .. } => &["organizationName"],
            _ => &[],
        }
    }

    /// True if the organization's item explains those fields of the answer and that the caller, if a member,
    /// got it.
    pub fn is_explained_by(&self, organization: &Organization, call: &Call, answer: &Answer) -> bool {
        let (caller, body) = (call.request.caller, &answer.body);
        match self {
            Self::PreviewInvitation { .. } => {
                organization.offers(body) && body["organizationName"] == *organization.name
            }
            Self::GetUsage { .. } => organization.may_use(call).is_ok() && shows_limit(organization, answer),
            Self::AcceptInvitation { .. } => {
                !organization.is_deleted() && organization.explains_roles([body])
            }
            _ => {
                let role = organization.privilege(caller).unwrap_or("member");
                let access = organization.may_use(call).and_then(|()| {
                    // The rule for another member is not about the item alone. It is not checked here.
                    if self.acts_on_member() { Ok(()) } else { organization.may_act(call, Some(role)) }
                });
                match (access, answer.code()) {
                    (Ok(()), Some("member_not_found")) => true,
                    (Ok(()), None) => match body {
                        Value::Array(members) if self.fields_of_access() == ["role"] => {
                            organization.explains_roles(members)
                        }
                        Value::Array(_) => true,
                        member => organization.explains_roles(slice::from_ref(member)),
                    },
                    (Err(refusal), Some(_)) => answer.differs(Answer::refusal(refusal)).is_ok(),
                    _ => false,
                }
            }
        }
    }
}

impl Answered {
    /// True if a recorded report may show a total that was read after it: DynamoDB's answer to its write was lost, or a
    /// contended transaction did not depend on the total.
    fn reads_total_later(&self) -> bool {
        let writes = self.asked.iter().filter(|action| *action == "UpdateItem").count();
        self.asked.last().is_some_and(|action| action == "GetItem") || (self.faults && writes > 1)
    }
}
