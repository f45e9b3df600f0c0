//! Calls about invitations.

use super::{CURRENT, Call, STALE};
use crate::filling::{
    ACCEPTED, ADMINS, EXPIRED, EXPIRED_ADDRESS, FOREIGN, FORGED, Filled, INVITED, LEFT, LEFT_ADDRESS, OUSTED,
    OWNERS, PRESENT_ADDRESS,
};
use functions::Operation::{
    AcceptInvitation, CreateInvitation, ListInvitations, PreviewInvitation, RevokeInvitation,
};
use serde_json::{Value, json};
use support::example::{MEMBER, SERVICE};

pub(super) fn calls() -> Vec<Call> {
    [create(), list_and_revoke(), preview(), accept()].concat()
}

fn create() -> Vec<Call> {
    let to = |email: &str| json!({ "email": email });
    let owner = || json!({ "role": "owner" });
    let full = Filled::WithInvitations;
    vec![
        Call::new("invite by a link", CreateInvitation, 201).says(json!({})).like_another(),
        Call::new("invite at the current version", CreateInvitation, 201).with(CURRENT).like_another(),
        Call::new("invite at another version", CreateInvitation, 412).with(STALE).like_another(),
        Call::new("invite by an admin", CreateInvitation, 201).by("bob").like_another(),
        Call::new("invite an owner", CreateInvitation, 201).says(owner()).like_another(),
        Call::new("invite an owner by an admin", CreateInvitation, 403).by("bob").says(owner()),
        Call::new("invite an owner by a service", CreateInvitation, 201)
            .by(SERVICE)
            .says(owner())
            .like_another(),
        Call::new("renew an invitation", CreateInvitation, 200).says(to(INVITED)),
        Call::new("invite again after the expiry", CreateInvitation, 201)
            .says(to(EXPIRED_ADDRESS))
            .like_another(),
        Call::new("invite again who has left", CreateInvitation, 201).says(to(LEFT_ADDRESS)),
        Call::new("invite who has accepted", CreateInvitation, 409).says(to(PRESENT_ADDRESS)),
        Call::new("invite one too many", CreateInvitation, 422).on(full),
        Call::new("renew an invitation at the limit", CreateInvitation, 200)
            .on(full)
            .says(to(INVITED))
            .like_another(),
        Call::new("invite who has left at the limit", CreateInvitation, 422)
            .on(full)
            .says(to(LEFT_ADDRESS))
            .like_another(),
        Call::new("invite who has accepted at the limit", CreateInvitation, 409)
            .on(full)
            .says(to(PRESENT_ADDRESS)),
    ]
}

fn list_and_revoke() -> Vec<Call> {
    let full = Filled::WithInvitations;
    vec![
        Call::new("list a page of invitations", ListInvitations, 200)
            .by("bob")
            .page("limit=1")
            .like_another(),
        Call::new("list all invitations", ListInvitations, 200).on(full).page("limit=200"),
        Call::new("revoke at the current version", RevokeInvitation, 200).with(CURRENT).like_another(),
        Call::new("revoke at another version", RevokeInvitation, 412).with(STALE).like_another(),
        Call::new("revoke by an admin", RevokeInvitation, 200).by("bob").like_another(),
        Call::new("revoke an expired one", RevokeInvitation, 404).at("invitation_id", EXPIRED).like_another(),
        Call::new("revoke an accepted one", RevokeInvitation, 404).at("invitation_id", ACCEPTED),
        Call::new("revoke an accepted one by a service", RevokeInvitation, 404)
            .by(SERVICE)
            .at("invitation_id", ACCEPTED)
            .like_another(),
        Call::new("revoke an invalid id by a member", RevokeInvitation, 403)
            .by(MEMBER)
            .at("invitation_id", "no id")
            .like_another(),
    ]
}

fn token(of: &str) -> Value {
    json!({ "token": of })
}

fn preview() -> Vec<Call> {
    let preview = |how: &str, status, of| Call::new(how, PreviewInvitation, status).says(token(of));
    vec![
        preview("preview an expired one", 422, EXPIRED).like_another(),
        preview("preview an accepted one", 404, ACCEPTED).like_another(),
        preview("preview one whose inviter may not any more", 404, OUSTED).like_another(),
        preview("preview with a wrong secret", 404, FORGED).like_another(),
        preview("preview with a token of no organization", 404, FOREIGN).like_another(),
    ]
}

fn accept() -> Vec<Call> {
    let accept = |how: &str, status, of| Call::new(how, AcceptInvitation, status).says(token(of));
    vec![
        accept("accept as an admin", 201, ADMINS),
        accept("accept as an owner", 201, OWNERS).like_another(),
        accept("accept as an admin too many", 422, ADMINS).on(Filled::WithAdmins).like_another(),
        Call::new("accept as a member too many", AcceptInvitation, 422).on(Filled::WithMembers),
        accept("accept again at the limit", 200, ACCEPTED).on(Filled::WithMembers).by("ida").like_another(),
        accept("accept again", 200, ACCEPTED).by("ida"),
        accept("accept what somebody else has accepted", 404, ACCEPTED).like_another(),
        accept("accept what somebody else has accepted as a member", 404, ACCEPTED).by(MEMBER).like_another(),
        accept("accept again after leaving", 404, LEFT).by("lee").like_another(),
        accept("accept an expired one", 422, EXPIRED).like_another(),
        accept("accept one whose inviter may not any more", 404, OUSTED).like_another(),
        accept("accept with a wrong secret", 404, FORGED).like_another(),
        accept("accept with a token of no organization", 404, FOREIGN).like_another(),
        Call::new("accept as a member", AcceptInvitation, 409).by(MEMBER),
    ]
}
