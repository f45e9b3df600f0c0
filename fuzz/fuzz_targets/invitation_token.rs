//! Tokens of invitations: an accepted text is the one that the API issues for this token, and no other text is
//! accepted for it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::model::{InvitationId, InvitationToken, OrganizationId};

fuzz_target!(|text: &str| {
    let Some(token) = InvitationToken::parse(text) else { return };
    assert_eq!(token.to_text(), text);
    assert_eq!(text.len(), "invt_".len() + 86);
    let (organization, invitation) = (token.organization(), token.invitation());
    assert_eq!(OrganizationId::parse(organization.as_str()).as_ref(), Some(organization));
    assert_eq!(InvitationId::parse(invitation.as_str()).as_ref(), Some(invitation));
    assert!(token.has(&token.hash()));
    let other = InvitationToken::generate(organization, invitation).unwrap();
    assert!(!token.has(&other.hash()), "{text}");
});
