//! Calls about members.

use super::{CURRENT, Call, STALE, UNLESS_CURRENT};
use crate::filling::Filled;
use functions::Operation::{AddMember, GetMember, ListMembers, RemoveMember, UpdateMember};
use serde_json::json;
use support::example::{MEMBER, SERVICE};

pub(super) fn calls() -> Vec<Call> {
    let add = |user, role| json!({ "userId": user, "role": role });
    let role = |role| json!({ "role": role });
    let no_room = Filled::WithAdmins;
    vec![
        Call::new("list a page of members", ListMembers, 200).by(MEMBER).page("limit=1"),
        Call::new("add an owner at the current version", AddMember, 201)
            .with(CURRENT)
            .says(add("dan", "owner")),
        Call::new("add a present member", AddMember, 409).says(add(MEMBER, "member")),
        Call::new("add an admin too many", AddMember, 422)
            .on(no_room)
            .says(add("dan", "admin"))
            .like_another(),
        Call::new("add a member too many", AddMember, 422).on(Filled::WithMembers).says(add("dan", "member")),
        Call::new("add a present member at the limit", AddMember, 409)
            .on(Filled::WithMembers)
            .says(add(MEMBER, "member"))
            .like_another(),
        Call::new("add at another version", AddMember, 412).with(STALE),
        Call::new("get oneself", GetMember, 200).by(MEMBER).like_another(),
        Call::new("get a stranger by a service", GetMember, 404).by(SERVICE).about("eve").like_another(),
        Call::new("demote at the current version", UpdateMember, 200)
            .about("bob")
            .with(CURRENT)
            .says(role("member")),
        Call::new("demote at another version", UpdateMember, 412)
            .about("bob")
            .with(STALE)
            .says(role("member")),
        Call::new("demote the last owner", UpdateMember, 422).about("ann"),
        Call::new("demote the last owner by a service", UpdateMember, 422)
            .by(SERVICE)
            .about("ann")
            .like_another(),
        Call::new("promote an admin too many", UpdateMember, 422).on(no_room).like_another(),
        Call::new("remove a stranger", RemoveMember, 404).by("bob").about("eve"),
        Call::new("remove a stranger by a service", RemoveMember, 404)
            .by(SERVICE)
            .about("eve")
            .like_another(),
        Call::new("remove at the current version", RemoveMember, 200).about("bob").with(CURRENT),
        Call::new("remove unless it is at the current version", RemoveMember, 412)
            .about("bob")
            .with(UNLESS_CURRENT),
        Call::new("remove at another version", RemoveMember, 412).about("bob").with(STALE),
        Call::new("leave", RemoveMember, 200).by(MEMBER),
        Call::new("leave as the last owner", RemoveMember, 422).about("ann"),
        Call::new("remove the last owner by a service", RemoveMember, 422)
            .by(SERVICE)
            .about("ann")
            .like_another(),
    ]
}
