use crate::error::Error;
use crate::model::{
    Caller, Email, Invitation, InvitationId, InvitationStatus, OrganizationId, Role, SecretHash, Timestamp,
    UserId,
};
use crate::store::keys;
use crate::store::table::Projection;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

/// An invitation, in its organization's partition.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::store) struct InvitationItem {
    #[serde(skip_deserializing)]
    pk: String,
    sk: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    pub role: Role,
    pub secret_hash: SecretHash,
    pub invited_by: Caller,
    pub created_at: Timestamp,
    /// In seconds after 1970: when it can no longer be accepted or, after it was accepted, when it is forgotten.
    /// The table's TTL attribute.
    pub expires_at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<UserId>,
}

impl InvitationItem {
    /// The attributes that a list reads.
    pub(in crate::store) const LISTED: Projection = Projection {
        attributes: "sk, email, #role, secretHash, invitedBy, createdAt, expiresAt, acceptedBy",
        names: &[("#role", "role")],
    };

    /// The item of a pending invitation, which expires at this time.
    pub(in crate::store) fn new(invitation: &Invitation, secret_hash: SecretHash, expires_at: u64) -> Self {
        Self {
            pk: keys::organization_key(&invitation.organization_id),
            sk: keys::invitation_key(&invitation.id),
            email: invitation.email.clone(),
            role: invitation.role,
            secret_hash,
            invited_by: invitation.invited_by.clone(),
            created_at: invitation.created_at.clone(),
            expires_at,
            accepted_by: None,
        }
    }

    /// True if its time is over. TTL may delete the item days late.
    pub(in crate::store) fn has_expired(&self, now: u64) -> bool {
        self.expires_at <= now
    }

    /// True if it was not accepted and has not expired. Whoever made it may no longer invite.
    pub(in crate::store) fn is_pending(&self, now: u64) -> bool {
        self.accepted_by.is_none() && !self.has_expired(now)
    }

    /// The hash as a value of a condition.
    pub(in crate::store) fn secret_hash_value(&self) -> AttributeValue {
        AttributeValue::B(Blob::new(self.secret_hash.as_bytes()))
    }

    /// The user who accepted it, unless that is to be forgotten.
    pub(in crate::store) fn remembered_user(&self, now: u64) -> Option<&UserId> {
        self.accepted_by.as_ref().filter(|_| !self.has_expired(now))
    }

    /// The id.
    ///
    /// # Errors
    /// When the sort key has none.
    pub(in crate::store) fn id(&self) -> Result<InvitationId, Error> {
        let id = self.sk.strip_prefix(keys::INVITATION_PREFIX).and_then(InvitationId::parse);
        id.ok_or_else(|| Error::Internal("an invitation without a valid id".into()))
    }

    /// When it can no longer be accepted.
    ///
    /// # Errors
    /// When it is after the year 9999.
    pub(in crate::store) fn expiry(&self) -> Result<Timestamp, Error> {
        let expiry = Timestamp::from_seconds(self.expires_at);
        expiry.ok_or_else(|| Error::Internal("an invitation without a valid expiry".into()))
    }

    /// The invitation with this status.
    ///
    /// # Errors
    /// When an attribute is invalid.
    pub(in crate::store) fn into_invitation(
        self,
        organization_id: OrganizationId,
        status: InvitationStatus,
    ) -> Result<Invitation, Error> {
        let (id, expires_at) = (self.id()?, self.expiry()?);
        Ok(Invitation {
            id,
            organization_id,
            email: self.email,
            role: self.role,
            status,
            invited_by: self.invited_by,
            created_at: self.created_at,
            expires_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::InvitationToken;
    use crate::store::items::tests::{item, text};
    use crate::store::items::{read, write};
    use aws_sdk_dynamodb::types::AttributeValue::{B, N};

    #[test]
    fn the_stored_form_of_an_invitation_does_not_change() {
        let organization = OrganizationId::parse("org_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
        let invitation = Invitation {
            id: InvitationId::parse("inv_01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap(),
            organization_id: organization.clone(),
            email: Some(Email::parse("bob@example.com").unwrap()),
            role: Role::Admin,
            status: InvitationStatus::Pending,
            invited_by: Caller::User(UserId::parse("ann").unwrap()),
            created_at: Timestamp::now(),
            expires_at: Timestamp::from_seconds(1_785_585_600).unwrap(),
        };
        let token = InvitationToken::generate(&organization, &invitation.id).unwrap();
        let hash = token.hash();
        let mut expected = item([
            ("pk", text("ORG#org_01ARZ3NDEKTSV4RRFFQ69G5FAV")),
            ("sk", text("INVITATION#inv_01ARZ3NDEKTSV4RRFFQ69G5FAV")),
            ("email", text("bob@example.com")),
            ("role", text("admin")),
            ("secretHash", B(Blob::new(hash.as_bytes()))),
            ("invitedBy", text("ann")),
            ("createdAt", text(invitation.created_at.as_str())),
            ("expiresAt", N("1785585600".into())),
        ]);
        assert_eq!(write(&InvitationItem::new(&invitation, hash, 1_785_585_600)).unwrap(), expected);
        expected.insert("acceptedBy".into(), text("bob"));
        let stored: InvitationItem = read(expected).unwrap();
        assert_eq!(stored.accepted_by, Some(UserId::parse("bob").unwrap()));
        assert!(stored.into_invitation(organization, InvitationStatus::Pending).unwrap() == invitation);
    }
}
