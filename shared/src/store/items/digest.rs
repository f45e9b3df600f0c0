use crate::model::{Role, UserId};
use ring::digest::{SHA256, digest};
use serde_bytes::ByteArray;

/// Identifies a user in an organization's sets: the first 128 bits of the SHA-256 of the user id. An id
/// may have 255 bytes, and every write pays for the item's size. Finding another id with the same digest
/// takes 2^128 attempts.
pub(in crate::store) type UserDigest = ByteArray<16>;

/// The digest of a user's id.
pub(in crate::store) fn digest_of(user: &UserId) -> UserDigest {
    let mut short = [0; 16];
    let digest = digest(&SHA256, user.as_str().as_bytes());
    short.iter_mut().zip(digest.as_ref()).for_each(|(short, byte)| *short = *byte);
    ByteArray::new(short)
}

/// The role of a user who is known to be a member, by the sets of an organization.
pub(super) fn role_in(owners: &[UserDigest], privileged: &[UserDigest], member: &UserId) -> Role {
    let member = digest_of(member);
    if owners.contains(&member) {
        Role::Owner
    } else if privileged.contains(&member) {
        Role::Admin
    } else {
        Role::Member
    }
}
