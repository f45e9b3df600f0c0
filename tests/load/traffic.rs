//! Requests of all operations, each of which must succeed whatever others are under way.

use crate::world::{Guest, Organization, World};
use reqwest::Method;
use serde_json::json;
use std::sync::Arc;

/// How many of a hundred requests. More write than in most traffic, as writes are what can go wrong.
pub(crate) const MIX: [(&str, u8); 9] = [
    ("createOrganization", 2),
    ("listOrganizations", 15),
    ("getOrganization", 40),
    ("updateOrganization", 8),
    ("setMaxOverages", 7),
    ("addMember", 6),
    ("updateMember", 6),
    ("listMembers", 10),
    ("removeMember", 6),
];

/// A request that is about to be sent.
pub(crate) struct Request {
    pub(crate) operation: &'static str,
    organization: Arc<Organization>,
    /// For who is in no organization's team.
    user: String,
    /// Who of the team reads, and, without the last, who writes.
    reader: usize,
    writer: usize,
    number: u32,
    guest: Option<Guest>,
}

impl Request {
    /// One of the mix.
    pub(crate) fn random(world: &World, random: &mut fastrand::Rng) -> Self {
        let mut chosen = random.u8(..100);
        let mut operation = MIX[0].0;
        for (name, share) in MIX {
            operation = name;
            match chosen.checked_sub(share) {
                Some(rest) => chosen = rest,
                None => break,
            }
        }
        Self::new(operation, world, random)
    }

    /// One of that operation, or one that makes it possible.
    pub(crate) fn new(mut operation: &'static str, world: &World, random: &mut fastrand::Rng) -> Self {
        let organizations = &world.organizations;
        let hot = random.u8(..4) == 0;
        let organization =
            if hot { &organizations[0] } else { &organizations[random.usize(..organizations.len())] };
        let guest = match operation {
            "updateMember" | "removeMember" => organization.take_guest(),
            _ => None,
        };
        // Without a guest to change, there will be one again.
        if guest.is_none() && ["updateMember", "removeMember"].contains(&operation) {
            operation = "addMember";
        }
        Self {
            operation,
            organization: organization.clone(),
            user: world.users[random.usize(..world.users.len())].clone(),
            reader: random.usize(..3),
            writer: random.usize(..2),
            number: random.u32(..1_000_000),
            guest,
        }
    }

    pub(crate) async fn send(self, world: &World) -> Result<(), String> {
        let organization = &*self.organization;
        let path = format!("/organization/{}", organization.id);
        let members = format!("{path}/member");
        let member = self.guest.as_ref().map(|guest| format!("{members}/{}", guest.id.replace('|', "%7C")));
        let (reader, writer) = (&organization.team[self.reader], &organization.team[self.writer]);
        let changed = match self.operation {
            "createOrganization" => {
                world.create(&self.user).await?;
                return Ok(());
            }
            "listOrganizations" => {
                let listed = world.send(Method::GET, "/organization/list", reader, None, 200).await?;
                let listed = listed
                    .as_array()
                    .is_some_and(|listed| listed.iter().any(|one| one["id"] == organization.id));
                return if listed {
                    Ok(())
                } else {
                    Err(format!("{reader} does not find {path} in the list"))
                };
            }
            "getOrganization" => {
                world.send(Method::GET, &path, reader, None, 200).await?;
                return Ok(());
            }
            "listMembers" => {
                world.send(Method::GET, &members, reader, None, 200).await?;
                return Ok(());
            }
            "updateOrganization" => {
                let body = json!({ "name": format!("Name {}", self.number) });
                world.send(Method::PUT, &path, writer, Some(body), 200).await?;
                None
            }
            "setMaxOverages" => {
                let body = json!({ "maxOverages": self.number });
                world.send(Method::PATCH, &format!("{path}/max-overages"), writer, Some(body), 200).await?;
                None
            }
            "addMember" => {
                let guest = world.new_guest();
                world.add(organization, writer, &guest.id, guest.role).await?;
                Some(guest)
            }
            "updateMember" => {
                let guest = self.guest.clone().expect("a guest");
                let role = if guest.role == "admin" { "member" } else { "admin" };
                let path = member.expect("a guest");
                world.send(Method::PATCH, &path, writer, Some(json!({ "role": role })), 200).await?;
                Some(Guest { role, ..guest })
            }
            "removeMember" => {
                world.send(Method::DELETE, &member.expect("a guest"), writer, None, 200).await?;
                None
            }
            operation => panic!("no such operation: {operation}"),
        };
        organization.changed(changed);
        Ok(())
    }
}
