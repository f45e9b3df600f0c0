use super::{Caller, Email, Invalid, InvitationId, OrganizationId, Role, Timestamp};
use serde::Serialize;

/// An invitation to join an organization, as the API shows it to those who may invite.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// The id.
    pub id: InvitationId,
    /// The organization.
    pub organization_id: OrganizationId,
    /// The address that it is for; `None` for a link that any one user can accept.
    pub email: Option<Email>,
    /// The role of the user who accepts it.
    pub role: Role,
    /// What has become of it.
    pub status: InvitationStatus,
    /// Who made it, or renewed it last.
    pub invited_by: Caller,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it can no longer be accepted.
    pub expires_at: Timestamp,
}

/// The answer to an invitation that was made or renewed. No other answer has a token.
#[derive(Clone, Serialize)]
pub struct IssuedInvitation {
    /// The invitation.
    #[serde(flatten)]
    pub invitation: Invitation,
    /// The token that accepts it.
    pub token: String,
    /// The page that accepts it, if the deployment has one, with the token as a fragment: browsers send that to
    /// no server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// True if a pending invitation to the same address was renewed.
    #[serde(skip)]
    pub is_renewal: bool,
}

/// What has become of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum InvitationStatus {
    /// It was neither accepted nor revoked, and has not expired. It can be accepted if whoever made it still may
    /// invite.
    Pending,
    /// It was revoked.
    Revoked,
}

/// What a user is invited to, as the API shows it to who has the token.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InvitationPreview {
    /// The organization.
    pub organization_id: OrganizationId,
    /// Its name.
    pub organization_name: String,
    /// The role of the user who accepts.
    pub role: Role,
    /// The address that the invitation is for, if it is for one.
    pub email: Option<Email>,
    /// Who invites.
    pub invited_by: Caller,
    /// When the invitation can no longer be accepted.
    pub expires_at: Timestamp,
}

/// The values of a new invitation.
pub struct NewInvitation {
    /// The address that it is for, if it is for one.
    pub email: Option<Email>,
    /// The role of the user who accepts it.
    pub role: Role,
    /// How long it can be accepted.
    pub lifetime: Lifetime,
}

/// How long an invitation can be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    days: u8,
}

impl Lifetime {
    /// The default.
    pub const DEFAULT: Self = Self { days: 7 };

    const MAX_DAYS: u8 = 30;

    /// A number of days.
    ///
    /// # Errors
    /// When it is not from 1 to 30.
    pub fn days(days: i128) -> Result<Self, Invalid> {
        let days = u8::try_from(days).ok().filter(|days| (1..=Self::MAX_DAYS).contains(days));
        days.map(|days| Self { days })
            .ok_or(Invalid::new("range", "expiresInDays must be an integer from 1 to 30."))
    }

    /// The same in seconds.
    pub fn as_seconds(self) -> u64 {
        u64::from(self.days) * 24 * 60 * 60
    }
}

/// Whom a verified token identifies, where an invitation to an address can be accepted only with it.
pub enum Invitee {
    /// The token of any user will do.
    Anyone,
    /// The token's verified address, if it has one.
    Address(Option<Email>),
}

impl Invitee {
    /// True if the user may accept an invitation for `email`.
    pub fn may_accept(&self, email: Option<&Email>) -> bool {
        match (self, email) {
            (Self::Anyone, _) | (_, None) => true,
            (Self::Address(verified), Some(email)) => verified.as_ref() == Some(email),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_to_an_address_is_for_who_has_it() {
        let email = |text| Email::parse(text).unwrap();
        let bob = email("bob@example.com");
        for (invitee, may) in [
            (Invitee::Anyone, true),
            (Invitee::Address(Some(email("Bob@Example.com"))), true),
            (Invitee::Address(Some(email("ann@example.com"))), false),
            (Invitee::Address(None), false),
        ] {
            assert_eq!(invitee.may_accept(Some(&bob)), may);
            assert!(invitee.may_accept(None));
        }
    }

    #[test]
    fn an_invitation_lasts_from_1_to_30_days() {
        assert_eq!(Lifetime::days(1).unwrap().as_seconds(), 86_400);
        assert!(Lifetime::days(30).is_ok());
        for days in [0, 31, -1, 257, i128::MAX] {
            assert_eq!(Lifetime::days(days).unwrap_err().rule, "range", "{days}");
        }
    }
}
