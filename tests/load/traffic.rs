//! Requests of all operations. Each must succeed, whatever other requests run.

use crate::organization::{Guest, Invitation, Organization};
use crate::world::{About, SERVICE, World};
use functions::{Operation, Scope};
use serde_json::{Value, json};
use std::sync::Arc;
use support::example::{Allowed, example};

/// Pending invitations of an organization that are not used. If there are more, one is revoked, long before there
/// are as many as an organization can have.
const MAX_INVITATIONS: usize = 20;

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
    /// The user who creates an organization or sees a preview.
    user: String,
    /// The caller, if the request is about the organization.
    caller: String,
    number: u32,
    /// The member that the request concerns.
    guest: Option<Guest>,
    /// The invitation that the request concerns.
    invitation: Option<Invitation>,
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

    /// A request of this operation. If what it needs does not exist, a request that makes it.
    pub(crate) fn new(mut operation: Operation, world: &World, random: &mut fastrand::Rng) -> Self {
        let organizations = &world.organizations;
        let hot = random.u8(..4) == 0;
        let mut organization =
            if hot { &organizations[0] } else { &organizations[random.usize(..organizations.len())] }.clone();
        if matches!(operation, Operation::DeleteOrganization | Operation::RestoreOrganization) {
            match world.take(operation == Operation::RestoreOrganization) {
                Some(taken) => organization = taken,
                None => operation = Operation::CreateOrganization,
            }
        }
        let (mut guest, mut invitation) = (None, None);
        match operation {
            Operation::GetMember
            | Operation::UpdateMember
            | Operation::RemoveMember
            | Operation::DeleteUser => {
                guest = organization.take_guest();
                operation = if guest.is_some() { operation } else { Operation::AddMember };
            }
            Operation::CreateInvitation if organization.invitations() >= MAX_INVITATIONS => {
                invitation = organization.take_invitation();
                operation = if invitation.is_some() { Operation::RevokeInvitation } else { operation };
            }
            // Renews an invitation to an address.
            Operation::CreateInvitation if random.bool() => {
                let pending = organization.take_invitation();
                invitation = pending.filter(|pending| {
                    let is_addressed = pending.email.is_some();
                    if !is_addressed {
                        organization.keep_invitation(pending.clone());
                    }
                    is_addressed
                });
            }
            Operation::ListInvitations
            | Operation::RevokeInvitation
            | Operation::PreviewInvitation
            | Operation::AcceptInvitation => {
                invitation = organization.take_invitation();
                operation = if invitation.is_some() { operation } else { Operation::CreateInvitation };
            }
            _ => {}
        }
        // Plain members only read, and neither the invitations nor the events.
        let is_for_members =
            operation.scope() == Scope::Read && example(operation).allowed != Allowed::Admins;
        let callers = if is_for_members { 3 } else { 2 };
        let caller = match operation {
            _ if example(operation).allowed == Allowed::Services => SERVICE.to_owned(),
            _ => organization.team[random.usize(..callers.min(organization.team.len()))].clone(),
        };
        let user = world.users[random.usize(..world.users.len())].clone();
        Self { operation, organization, user, caller, number: random.u32(..1_000_000), guest, invitation }
    }

    pub(crate) async fn send(self, world: &World) -> Result<(), String> {
        match self.operation {
            Operation::CreateOrganization => world.create_another(&self.user).await,
            Operation::ListOrganizations => {
                let listed = self.ask(world, About::default(), None).await?;
                self.expect_in(&listed, &self.organization.id)
            }
            Operation::GetOrganization | Operation::ListMembers | Operation::GetUsage => {
                self.ask(world, About::default(), None).await.map(drop)
            }
            Operation::ListEvents => self.list_events(world).await,
            Operation::UpdateOrganization => {
                self.change(world, json!({ "name": format!("Name {}", self.number) })).await
            }
            Operation::SetMaxOverages => self.change(world, json!({ "maxOverages": self.number })).await,
            Operation::SetPlan => {
                self.change(world, json!({ "includedUnits": self.number % 1000, "maxMembers": null })).await
            }
            Operation::RecordUsage => {
                // What does not fit is not recorded, so each report succeeds.
                let units = if self.number.is_multiple_of(4) { -20 } else { i64::from(1 + self.number % 50) };
                let report = json!({ "units": units, "overLimit": "partial" });
                let answer = self.ask(world, About::default(), Some(report)).await?;
                let recorded = answer["recorded"].as_i64().ok_or(format!("no units: {answer}"))?;
                self.organization.recorded(recorded);
                Ok(())
            }
            Operation::DeleteOrganization | Operation::RestoreOrganization => {
                let is_deleted = self.operation == Operation::DeleteOrganization;
                self.ask(world, About::default(), None).await?;
                self.organization.deleted(is_deleted);
                world.keep(self.organization, is_deleted);
                Ok(())
            }
            Operation::AddMember
            | Operation::GetMember
            | Operation::UpdateMember
            | Operation::RemoveMember
            | Operation::DeleteUser => self.send_about_a_member(world).await,
            Operation::CreateInvitation => self.invite(world).await,
            Operation::ListInvitations
            | Operation::RevokeInvitation
            | Operation::PreviewInvitation
            | Operation::AcceptInvitation => self.send_about_an_invitation(world).await,
        }
    }

    async fn ask(&self, world: &World, about: About<'_>, body: Option<Value>) -> Result<Value, String> {
        world.ask(self.operation, &self.organization, about, &self.caller, body).await
    }

    async fn change(&self, world: &World, body: Value) -> Result<(), String> {
        self.ask(world, About::default(), Some(body)).await?;
        self.organization.changed();
        Ok(())
    }

    fn expect_in(&self, list: &Value, id: &str) -> Result<(), String> {
        let is_listed = list.as_array().into_iter().flatten().any(|one| one["id"] == id);
        let missing = || format!("{} does not find {id} by {}", self.caller, self.operation.id());
        if is_listed { Ok(()) } else { Err(missing()) }
    }

    async fn list_events(self, world: &World) -> Result<(), String> {
        let events = self.ask(world, About { query: "?limit=20", ..About::default() }, None).await?;
        let numbers = events.as_array().into_iter().flatten().map(|event| event["number"].as_u64());
        if numbers.eq((1..=20).map(Some).take(events.as_array().map_or(0, Vec::len))) {
            Ok(())
        } else {
            Err(format!("not the first events: {events}"))
        }
    }

    async fn send_about_a_member(mut self, world: &World) -> Result<(), String> {
        let mut guest = self.guest.take().unwrap_or_else(|| world.new_guest());
        if self.operation == Operation::DeleteUser {
            self.caller.clone_from(&guest.id);
        }
        let body = match self.operation {
            Operation::AddMember => Some(json!({ "userId": guest.id, "role": guest.role })),
            Operation::UpdateMember => {
                guest.role = if guest.role == "admin" { "member" } else { "admin" };
                Some(json!({ "role": guest.role }))
            }
            _ => None,
        };
        let about = About { user: Some(&guest.id), ..About::default() };
        let answer = self.ask(world, about, body).await?;
        if self.operation == Operation::GetMember {
            if answer["role"] != guest.role {
                return Err(format!("{} has not the role {}: {answer}", guest.id, guest.role));
            }
        } else {
            self.organization.changed();
        }
        match self.operation {
            Operation::DeleteUser if answer["left"] != json!([self.organization.id]) => {
                return Err(format!("{} was not erased: {answer}", guest.id));
            }
            Operation::RemoveMember | Operation::DeleteUser => {}
            _ => self.organization.keep_guest(guest),
        }
        Ok(())
    }

    /// Invites anybody, a new address, or an address again.
    async fn invite(mut self, world: &World) -> Result<(), String> {
        let renewed = self.invitation.take();
        let email = match &renewed {
            Some(renewed) => renewed.email.clone(),
            None if self.number.is_multiple_of(2) => Some(format!("{}@acme.example", world.new_guest().id)),
            None => None,
        };
        let issued = self.ask(world, About::default(), Some(json!({ "email": email }))).await?;
        self.organization.changed();
        let text =
            |name: &str| issued[name].as_str().map(str::to_owned).ok_or(format!("no {name}: {issued}"));
        let invitation = Invitation { id: text("id")?, token: text("token")?, email };
        if renewed.is_some_and(|renewed| renewed.id != invitation.id || renewed.token == invitation.token) {
            return Err(format!("not renewed: {issued}"));
        }
        self.organization.keep_invitation(invitation);
        Ok(())
    }

    async fn send_about_an_invitation(mut self, world: &World) -> Result<(), String> {
        let invitation = self.invitation.take().expect("an invitation");
        let guest = Guest { role: "member", ..world.new_guest() };
        let body = example(self.operation).body.map(|_| json!({ "token": invitation.token }));
        let query = if self.operation == Operation::ListInvitations { "?limit=1000" } else { "" };
        let about = About { invitation: Some(&invitation.id), query, ..About::default() };
        match self.operation {
            Operation::PreviewInvitation => self.caller = self.user.clone(),
            Operation::AcceptInvitation => self.caller = guest.id.clone(),
            _ => {}
        }
        let answer = self.ask(world, about, body).await?;
        match self.operation {
            Operation::RevokeInvitation => self.organization.changed(),
            Operation::AcceptInvitation => {
                self.organization.changed();
                self.organization.accepted(invitation, &guest);
                self.organization.keep_guest(guest);
            }
            Operation::PreviewInvitation => {
                if answer["organizationId"] != self.organization.id {
                    return Err(format!("a preview of another organization: {answer}"));
                }
                self.organization.keep_invitation(invitation);
            }
            _ => {
                self.expect_in(&answer, &invitation.id)?;
                self.organization.keep_invitation(invitation);
            }
        }
        Ok(())
    }
}
