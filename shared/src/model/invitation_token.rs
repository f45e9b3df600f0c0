use super::{InvitationId, OrganizationId};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use ring::error::Unspecified;
use ring::rand::{SystemRandom, generate};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteArray;
use subtle::ConstantTimeEq as _;

/// Lets scanners for leaked secrets recognize a token.
const PREFIX: &str = "invt_";

/// The secret that lets a user accept an invitation: where the invitation is, and 256 random bits.
///
/// It has no `Debug`, so that it cannot be logged.
pub struct InvitationToken {
    organization: OrganizationId,
    invitation: InvitationId,
    secret: [u8; 32],
}

/// The SHA-256 of a token's random bits: what is stored. It needs no salt and no slow hash, because 256
/// random bits cannot be guessed.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretHash(ByteArray<32>);

impl InvitationToken {
    /// A new token for an invitation.
    ///
    /// # Errors
    /// When the operating system provides no random bits.
    pub fn generate(organization: &OrganizationId, invitation: &InvitationId) -> Result<Self, Unspecified> {
        let secret = generate(&SystemRandom::new())?.expose();
        Ok(Self { organization: organization.clone(), invitation: invitation.clone(), secret })
    }

    /// Parses the text of a token and returns `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        let (organization, rest) = bytes.split_first_chunk()?;
        let (invitation, secret) = rest.split_first_chunk()?;
        Some(Self {
            organization: OrganizationId::from_bytes(*organization),
            invitation: InvitationId::from_bytes(*invitation),
            secret: secret.try_into().ok()?,
        })
    }

    /// The organization that it is for.
    pub fn organization(&self) -> &OrganizationId {
        &self.organization
    }

    /// The invitation that it is for.
    pub fn invitation(&self) -> &InvitationId {
        &self.invitation
    }

    /// The token as text.
    pub fn to_text(&self) -> String {
        let bytes = [&self.organization.to_bytes()[..], &self.invitation.to_bytes(), &self.secret].concat();
        format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// What is stored of it.
    pub fn hash(&self) -> SecretHash {
        let mut hash = [0; 32];
        let digest = digest(&SHA256, &self.secret);
        hash.iter_mut().zip(digest.as_ref()).for_each(|(hash, digest)| *hash = *digest);
        SecretHash(ByteArray::new(hash))
    }

    /// True if it is the token with this hash. Takes the same time wherever the two differ.
    pub fn has(&self, hash: &SecretHash) -> bool {
        self.hash().0.as_slice().ct_eq(hash.0.as_slice()).into()
    }
}

impl SecretHash {
    /// The hash.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> InvitationToken {
        InvitationToken::generate(&OrganizationId::generate(), &InvitationId::generate()).unwrap()
    }

    #[test]
    fn a_token_says_where_its_invitation_is_and_proves_that_it_was_issued() {
        let token = token();
        let text = token.to_text();
        assert_eq!(text.len(), "invt_".len() + 86);
        let parsed = InvitationToken::parse(&text).unwrap();
        assert_eq!((parsed.organization(), parsed.invitation()), (token.organization(), token.invitation()));
        assert!(parsed.has(&token.hash()) && parsed.to_text() == text);
        assert!(!self::token().has(&token.hash()));
    }

    #[test]
    fn every_bit_of_the_secret_counts() {
        let token = token();
        for bit in 0..256 {
            let mut secret = token.secret;
            secret[bit / 8] ^= 1 << (bit % 8);
            let other = InvitationToken {
                organization: token.organization.clone(),
                invitation: token.invitation.clone(),
                secret,
            };
            assert!(!other.has(&token.hash()), "{bit}");
        }
    }

    #[test]
    fn other_texts_are_no_tokens() {
        let text = token().to_text();
        let rest = text.strip_prefix(PREFIX).unwrap();
        for other in [
            "",
            PREFIX,
            rest,
            &text[..text.len() - 1],
            &format!("{text}="),
            &format!("{text}A"),
            &format!("{text}AAAA"),
            &format!(" {text}"),
            &text.to_uppercase(),
            &format!("{PREFIX}{}", rest.replace(|_| true, "+")),
        ] {
            assert!(InvitationToken::parse(other).is_none(), "{other}");
        }
    }
}
