use crate::model::{Caller, InvitationId, Member, OrganizationId, Role, Timestamp, UserId};
use crate::store::keys;
use crate::store::table::Projection;
use serde::{Deserialize, Serialize};

/// A member of an organization, in the organization's partition. The role is in the organization's item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::store) struct MemberItem {
    #[serde(skip_deserializing)]
    pk: String,
    #[serde(skip_deserializing)]
    sk: String,
    pub user_id: UserId,
    pub added_by: Caller,
    pub joined_at: Timestamp,
    /// The invitation that the user joined by, if it was one. An invitation brings a user back only if it is
    /// this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<InvitationId>,
}

impl MemberItem {
    /// The attributes that a list reads.
    pub(in crate::store) const LISTED: Projection =
        Projection { attributes: "sk, userId, addedBy, joinedAt", names: &[] };

    /// The item of a member, who may have joined by an invitation.
    pub(in crate::store) fn new(member: &Member, invitation: Option<&InvitationId>) -> Self {
        Self {
            pk: keys::organization_key(&member.organization_id),
            sk: keys::member_key(&member.user_id),
            user_id: member.user_id.clone(),
            added_by: member.added_by.clone(),
            joined_at: member.joined_at.clone(),
            invitation: invitation.cloned(),
        }
    }

    /// The member with `role`.
    pub(in crate::store) fn into_member(self, organization_id: OrganizationId, role: Role) -> Member {
        Member {
            organization_id,
            user_id: self.user_id,
            role,
            added_by: self.added_by,
            joined_at: self.joined_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::items::tests::{item, text};
    use crate::store::items::{read, write};

    #[test]
    fn the_stored_form_of_a_member_does_not_change() {
        let id = OrganizationId::parse("org_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
        let invitation = InvitationId::parse("inv_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
        let member = Member {
            organization_id: id.clone(),
            user_id: UserId::parse("bob").unwrap(),
            role: Role::Admin,
            added_by: Caller::Service(UserId::parse("billing").unwrap()),
            joined_at: Timestamp::now(),
        };
        let mut expected = item([
            ("pk", text("ORG#org_01ARZ3NDEKTSV4RRFFQ69G5FAV")),
            ("sk", text("MEMBER#bob")),
            ("userId", text("bob")),
            ("addedBy", text("service:billing")),
            ("joinedAt", text(member.joined_at.as_str())),
        ]);
        assert_eq!(write(&MemberItem::new(&member, None)).unwrap(), expected);
        let stored: MemberItem = read(expected.clone()).unwrap();
        assert_eq!(stored.into_member(id, Role::Admin), member);
        expected.insert("invitation".into(), text(invitation.as_str()));
        assert_eq!(write(&MemberItem::new(&member, Some(&invitation))).unwrap(), expected);
        assert_eq!(read::<MemberItem>(expected).unwrap().invitation, Some(invitation));
    }
}
