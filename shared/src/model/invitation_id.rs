use super::{Email, OrganizationId};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

const PREFIX: &str = "inv_";

/// `inv_` and 128 bits in the spelling of a ULID. For an invitation to an address, they are a digest of the
/// organization and the address, so that an address has at most one invitation. For others, they are random.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InvitationId(String);

impl InvitationId {
    /// The id of the invitation to `email`.
    pub fn of_address(organization: &OrganizationId, email: &Email) -> Self {
        let digest = digest(&SHA256, format!("{} {}", organization.as_str(), email.as_str()).as_bytes());
        let mut bits = [0; 16];
        bits.iter_mut().zip(digest.as_ref()).for_each(|(bits, digest)| *bits = *digest);
        Self::from_bytes(bits)
    }

    /// A random id.
    pub fn generate() -> Self {
        Self::from_bytes(fastrand::u128(..).to_be_bytes())
    }

    /// The id with these bits.
    pub(super) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(format!("{PREFIX}{}", Ulid::from_bytes(bytes)))
    }

    /// The 128 bits.
    pub(super) fn to_bytes(&self) -> [u8; 16] {
        bits(&self.0).unwrap_or_default().to_bytes()
    }

    /// Parses the canonical spelling and returns `None` for any other.
    pub fn parse(text: &str) -> Option<Self> {
        bits(text).map(|_| Self(text.to_owned()))
    }

    /// The id, as in paths, answers and keys.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn bits(text: &str) -> Option<Ulid> {
    let text = text.strip_prefix(PREFIX)?;
    Ulid::from_string(text).ok().filter(|bits| bits.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_id_in_each_organization() {
        let id = |organization: &OrganizationId, email| {
            InvitationId::of_address(organization, &Email::parse(email).unwrap())
        };
        let (acme, other) = (OrganizationId::generate(), OrganizationId::generate());
        assert_eq!(id(&acme, "Bob@example.com"), id(&acme, "bob@EXAMPLE.com"));
        assert_ne!(id(&acme, "bob@example.com"), id(&acme, "ann@example.com"));
        assert_ne!(id(&acme, "bob@example.com"), id(&other, "bob@example.com"));
    }

    #[test]
    fn an_id_parses_in_its_canonical_spelling_only() {
        let id = InvitationId::generate();
        assert_eq!(InvitationId::parse(id.as_str()), Some(id.clone()));
        assert_eq!(InvitationId::from_bytes(id.to_bytes()), id);
        let lower = format!("{PREFIX}{}", id.as_str()[PREFIX.len()..].to_ascii_lowercase());
        for text in ["", "inv_", "org_01ARZ3NDEKTSV4RRFFQ69G5FAV", "inv_8ZZZZZZZZZZZZZZZZZZZZZZZZZ", &lower] {
            assert_eq!(InvitationId::parse(text), None, "{text}");
        }
    }
}
