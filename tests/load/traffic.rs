//! Requests of all operations. Each must succeed, whatever other requests run.

use crate::world::{Guest, Organization, World};
use functions::{Operation, Scope};
use serde_json::json;
use std::sync::Arc;
use support::example::example;

/// The relative frequency of an operation. There are more writes than in most traffic, because writes can go
/// wrong.
fn weight(operation: Operation) -> u32 {
    match operation {
        Operation::CreateOrganization => 2,
        Operation::ListOrganizations => 15,
        Operation::GetOrganization => 40,
        _ => 7,
    }
}

/// A request that is not sent yet.
pub(crate) struct Request {
    pub(crate) operation: Operation,
    organization: Arc<Organization>,
    /// The user who creates an organization.
    user: String,
    /// The index of the caller in the organization's team: owner, admin, member.
    caller: usize,
    number: u32,
    /// The member that the request concerns.
    guest: Option<Guest>,
}

impl Request {
    /// A random request of the mix.
    pub(crate) fn random(world: &World, random: &mut fastrand::Rng) -> Self {
        let total: u32 = Operation::ALL.iter().map(|operation| weight(*operation)).sum();
        let mut chosen = random.u32(..total);
        let operation = Operation::ALL.iter().find(|operation| {
            let rest = chosen.checked_sub(weight(**operation));
            chosen = rest.unwrap_or_default();
            rest.is_none()
        });
        Self::new(*operation.expect("less than the total"), world, random)
    }

    /// A request of this operation. If it needs a guest and there is none, a request that adds one.
    pub(crate) fn new(mut operation: Operation, world: &World, random: &mut fastrand::Rng) -> Self {
        let organizations = &world.organizations;
        let hot = random.u8(..4) == 0;
        let organization =
            if hot { &organizations[0] } else { &organizations[random.usize(..organizations.len())] };
        let about_a_member = operation.path().contains("{user_id}");
        let guest = if about_a_member { organization.take_guest() } else { None };
        // If there is no guest to change, adds one.
        if about_a_member && guest.is_none() {
            operation = Operation::AddMember;
        }
        // Plain members only read.
        let callers = if operation.scope() == Scope::Read { 3 } else { 2 };
        Self {
            operation,
            organization: organization.clone(),
            user: world.users[random.usize(..world.users.len())].clone(),
            caller: random.usize(..callers),
            number: random.u32(..1_000_000),
            guest,
        }
    }

    pub(crate) async fn send(mut self, world: &World) -> Result<(), String> {
        let (operation, organization) = (self.operation, &*self.organization);
        let caller = &organization.team[self.caller];
        let mut body = example(operation).body;
        match operation {
            Operation::CreateOrganization => return world.create(&self.user).await.map(drop),
            Operation::ListOrganizations => {
                let listed = world.ask(operation, organization, None, caller, None).await?;
                let listed = listed.as_array().into_iter().flatten();
                let found = listed.into_iter().any(|one| one["id"] == organization.id);
                let missing = || format!("{caller} does not find {} in the list", organization.id);
                return if found { Ok(()) } else { Err(missing()) };
            }
            Operation::UpdateOrganization => body = Some(json!({ "name": format!("Name {}", self.number) })),
            Operation::SetMaxOverages => body = Some(json!({ "maxOverages": self.number })),
            Operation::AddMember => {
                let guest = world.new_guest();
                body = Some(json!({ "userId": guest.id, "role": guest.role }));
                self.guest = Some(guest);
            }
            Operation::UpdateMember => {
                let guest = self.guest.as_mut().expect("a guest");
                guest.role = if guest.role == "admin" { "member" } else { "admin" };
                body = Some(json!({ "role": guest.role }));
            }
            _ => {}
        }
        let user = self.guest.as_ref().map(|guest| guest.id.as_str());
        world.ask(operation, organization, user, caller, body).await?;
        let guest = self.guest.filter(|_| operation != Operation::RemoveMember);
        match operation.scope() {
            Scope::Read => organization.left(guest),
            Scope::Write => organization.changed(guest),
        }
        Ok(())
    }
}
