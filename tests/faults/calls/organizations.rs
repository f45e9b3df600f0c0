//! Calls about organizations.

use super::{CURRENT, Call, STALE, UNLESS_CURRENT, UNLESS_STALE};
use crate::filling::{FREED, Filled, TAKEN};
use functions::Operation::{
    CreateOrganization, DeleteOrganization, GetOrganization, ListOrganizations, RestoreOrganization,
    SetMaxOverages, UpdateOrganization,
};
use serde_json::json;
use support::example::{MEMBER, SERVICE};

pub(super) fn calls() -> Vec<Call> {
    let acme = || json!({ "organizationName": "Acme", "domain": "acme.example" });
    let owned = || json!({ "organizationName": "Acme", "owner": "dan" });
    let (new, used) = (&[("idempotency-key", "new")], &[("idempotency-key", "used")]);
    let named = |external_id| {
        let metadata = json!({ "plan": "gold" });
        json!({ "organizationName": "Acme", "owner": "dan", "externalId": external_id, "metadata": metadata })
    };
    let ids = Filled::WithExternalIds;
    let (full, deleted, gone) = (Filled::AtLimit, Filled::Deleted, Filled::Gone);
    vec![
        Call::new("create with a key", CreateOrganization, 201).with(new),
        Call::new("create with a used key", CreateOrganization, 201).with(used).says(acme()),
        Call::new("create another with a used key", CreateOrganization, 422).with(used),
        Call::new("create for an owner", CreateOrganization, 201).by(SERVICE).says(owned()),
        Call::new("create for an owner with a key", CreateOrganization, 201)
            .by(SERVICE)
            .with(new)
            .says(owned())
            .like_another(),
        Call::new("create with an external id", CreateOrganization, 201).by(SERVICE).says(named("new")),
        Call::new("create with an external id and a key", CreateOrganization, 201)
            .by(SERVICE)
            .with(new)
            .says(named("new")),
        Call::new("create with the external id of another", CreateOrganization, 409)
            .on(ids)
            .by(SERVICE)
            .says(named(TAKEN)),
        Call::new("create with the external id of one that is gone", CreateOrganization, 201)
            .on(ids)
            .by(SERVICE)
            .says(named(FREED)),
        Call::new("create with the external id of one that is gone and a key", CreateOrganization, 201)
            .on(ids)
            .by(SERVICE)
            .with(new)
            .says(named(FREED))
            .like_another(),
        Call::new("create one too many", CreateOrganization, 422).on(full),
        Call::new("create one too many with a key", CreateOrganization, 422)
            .on(full)
            .with(new)
            .like_another(),
        Call::new("create with a used key at the limit", CreateOrganization, 201)
            .on(full)
            .with(used)
            .says(acme())
            .like_another(),
        Call::new("list 101 organizations", ListOrganizations, 200).on(Filled::WithMany),
        Call::new("list a user's organizations", ListOrganizations, 200)
            .by(SERVICE)
            .page("userId=ann")
            .like_another(),
        Call::new("find an organization by its external id", ListOrganizations, 200)
            .on(ids)
            .by(SERVICE)
            .page("externalId=taken"),
        Call::new("find one that is gone", ListOrganizations, 200)
            .on(ids)
            .by(SERVICE)
            .page("externalId=freed")
            .like_another(),
        Call::new("find none", ListOrganizations, 200).by(SERVICE).page("externalId=none").like_another(),
        Call::new("list deleted organizations", ListOrganizations, 200)
            .on(deleted)
            .page("deleted=true")
            .like_another(),
        Call::new("get the known version", GetOrganization, 304).with(&[("if-none-match", "\"{current}\"")]),
        Call::new("get another version", GetOrganization, 412).with(STALE),
        Call::new("get one that is gone", GetOrganization, 404).on(gone).like_another(),
        Call::new("update at the current version", UpdateOrganization, 200).with(CURRENT),
        Call::new("set metadata", UpdateOrganization, 200)
            .by("bob")
            .says(json!({ "metadata": { "plan": "gold" } }))
            .like_another(),
        Call::new("update at another version", UpdateOrganization, 412).with(STALE),
        Call::new("update unless it is at another version", UpdateOrganization, 200).with(UNLESS_STALE),
        Call::new("update unless it is at the current version", UpdateOrganization, 412).with(UNLESS_CURRENT),
        Call::new("set overages at the current version", SetMaxOverages, 200).with(CURRENT),
        Call::new("set overages at another version", SetMaxOverages, 412).with(STALE),
        Call::new("delete at the current version", DeleteOrganization, 200).with(CURRENT).like_another(),
        Call::new("delete at another version", DeleteOrganization, 412).with(STALE).like_another(),
        Call::new("delete by a member", DeleteOrganization, 403).by(MEMBER).like_another(),
        Call::new("delete a deleted one at another version", DeleteOrganization, 200)
            .on(deleted)
            .with(STALE)
            .like_another(),
        Call::new("restore at the current version", RestoreOrganization, 200).on(deleted).with(CURRENT),
        Call::new("restore at another version", RestoreOrganization, 412)
            .on(deleted)
            .with(STALE)
            .like_another(),
        Call::new("restore one that is gone", RestoreOrganization, 404).on(gone).like_another(),
        Call::new("restore one that is gone by a service", RestoreOrganization, 404)
            .on(gone)
            .by(SERVICE)
            .like_another(),
    ]
}
