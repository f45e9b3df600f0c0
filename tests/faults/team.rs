//! The organization of all tables, and what calls find there.

use crate::filling::{
    ACCEPTED, ADMINS, EXPIRED, EXPIRED_ADDRESS, FREED, Filled, INVITED, LEFT, LEFT_ADDRESS, OUSTED, OWNERS,
    PRESENT_ADDRESS, TAKEN, period,
};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use shared::model::{
    Caller, Domain, Email, ExternalId, IdempotencyKey, IncludedUnits, InvitationToken, Invitee, Lifetime,
    MaxMembers, MaxOverages, NewInvitation, NewOrganization, OrganizationId, OrganizationName, OverLimit,
    PlanChanges, Preconditions, Report, Role, Units, UserId,
};
use shared::store::Store;
use std::collections::BTreeMap;
use support::example::{MEMBER, SERVICE, TOKEN};
use support::invariants::digest;

/// An invitation, and its token.
pub(crate) struct Invitation {
    pub(crate) id: String,
    pub(crate) token: InvitationToken,
}

/// Creates an organization and what belongs to it.
pub(crate) struct Team {
    store: Store,
    client: Client,
    pub(crate) id: OrganizationId,
}

impl Team {
    pub(crate) async fn create(store: Store, client: Client) -> Self {
        let key = IdempotencyKey::parse("used").unwrap();
        let created = store.create_organization(&caller("ann"), &user("ann"), acme(), Some(&key)).await;
        let team = Self { store, client, id: created.unwrap().organization.id };
        for (name, role) in [("bob", Role::Admin), (MEMBER, Role::Member), ("max", Role::Admin)] {
            team.add(name, role).await;
        }
        team
    }

    async fn add(&self, name: &str, role: Role) {
        let any = Preconditions::NONE;
        self.store.add_member(&user("billing"), &self.id, user(name), role, &any).await.unwrap();
    }

    async fn invite(&self, inviter: &str, role: Role, email: Option<&str>) -> Invitation {
        let email = email.map(|email| Email::parse(email).unwrap());
        let new = NewInvitation { email, role, lifetime: Lifetime::DEFAULT };
        let issued =
            self.store.create_invitation(&caller(inviter), &self.id, new, &Preconditions::NONE).await;
        let issued = issued.unwrap();
        let token = InvitationToken::parse(&issued.token).unwrap();
        Invitation { id: issued.invitation.id.as_str().to_owned(), token }
    }

    async fn accept(&self, name: &str, invitation: &Invitation) {
        let accepted = self.store.accept_invitation(&user(name), &Invitee::Anyone, &invitation.token).await;
        accepted.unwrap();
    }

    /// Makes an item of an organization expire.
    async fn expire(&self, id: &OrganizationId, sk: &str) {
        self.set(&organization_key(id), sk, "expiresAt", AttributeValue::N("1".to_owned())).await;
    }

    async fn set(&self, pk: &str, sk: &str, attribute: &str, value: AttributeValue) {
        let [pk, sk] = [pk, sk].map(|key| AttributeValue::S(key.to_owned()));
        let update = self.client.update_item().table_name(local::TABLE_NAME).key("pk", pk).key("sk", sk);
        let update = update.update_expression("SET #attribute = :value");
        let update = update.expression_attribute_names("#attribute", attribute);
        update.expression_attribute_values(":value", value).send().await.unwrap();
    }

    /// Invites, and gives each invitation its fate.
    pub(crate) async fn invitations(&self) -> BTreeMap<&'static str, Invitation> {
        let mut invitations = BTreeMap::new();
        for (name, inviter, role) in [
            (TOKEN, "ann", Role::Member),
            (ADMINS, "ann", Role::Admin),
            (OWNERS, "ann", Role::Owner),
            (EXPIRED, "ann", Role::Member),
            (ACCEPTED, "bob", Role::Member),
            (OUSTED, "max", Role::Member),
        ] {
            invitations.insert(name, self.invite(inviter, role, None).await);
        }
        self.invite("ann", Role::Member, Some(INVITED)).await;
        let expired = self.invite("ann", Role::Member, Some(EXPIRED_ADDRESS)).await;
        for id in [&expired.id, &invitations[EXPIRED].id] {
            self.expire(&self.id, &format!("INVITATION#{id}")).await;
        }
        let present = self.invite("ann", Role::Admin, Some(PRESENT_ADDRESS)).await;
        let left = self.invite("ann", Role::Member, Some(LEFT_ADDRESS)).await;
        for (name, invitation) in [("ida", &invitations[ACCEPTED]), ("jon", &present), ("lee", &left)] {
            self.accept(name, invitation).await;
        }
        invitations.insert(LEFT, left);
        let any = Preconditions::NONE;
        self.store.remove_member(&caller("lee"), &self.id, &user("lee"), &any).await.unwrap();
        let (ann, max) = (caller("ann"), user("max"));
        self.store.update_member(&ann, &self.id, &max, Role::Member, &any).await.unwrap();
        invitations
    }

    /// Sets the limit, and reports.
    async fn meter(&self) {
        let (ann, any) = (caller("ann"), Preconditions::NONE);
        let plan = PlanChanges { included_units: Some(IncludedUnits::parse(10).unwrap()), max_members: None };
        self.store.set_plan(&meter(), &self.id, plan, &any).await.unwrap();
        let overages = MaxOverages::units(5).unwrap();
        self.store.set_max_overages(&ann, &self.id, overages, &any).await.unwrap();
        let key = IdempotencyKey::parse("used").unwrap();
        for (units, key) in [(8, None), (4, Some(&key))] {
            let units = Units::parse(units).unwrap();
            let report = Report { units, period: Some(period()), over_limit: OverLimit::Refuse };
            self.store.record_usage(&meter(), &self.id, report, key).await.unwrap();
        }
    }

    pub(crate) async fn fill(&self, filled: Filled) {
        let (ann, any) = (caller("ann"), Preconditions::NONE);
        match filled {
            Filled::WithTeam => {}
            Filled::WithMany => {
                let service = Caller::Service(user("billing"));
                for _ in 0..100 {
                    self.store.create_organization(&service, &user("ann"), acme(), None).await.unwrap();
                }
            }
            // Only the number counts, so the organizations and members themselves are left out: the whole table is
            // compared after each call.
            Filled::AtLimit => {
                self.set("USER#ann", "USER#ann", "organizations", AttributeValue::N("100".to_owned())).await;
            }
            Filled::WithAdmins => {
                let (mut admins, key) = (Vec::new(), organization_key(&self.id));
                for name in ["ann", "bob", "jon"] {
                    admins.push(Blob::new(digest(name)));
                }
                admins.extend((0..97).map(|number| Blob::new(digest(&format!("admin-{number}")))));
                self.set(&key, &key, "privileged", AttributeValue::Bs(admins)).await;
            }
            Filled::WithInvitations => {
                let pending =
                    self.store.list_invitations(&ann, &self.id, 100, None).await.unwrap().items.len();
                for _ in pending..100 {
                    self.invite("bob", Role::Member, None).await;
                }
            }
            Filled::WithMembers => {
                let members = self.store.get_organization(&ann, &self.id).await.unwrap().member_count;
                let max = MaxMembers::members(members.into()).unwrap();
                let plan = PlanChanges { included_units: None, max_members: Some(max) };
                self.store.set_plan(&meter(), &self.id, plan, &any).await.unwrap();
            }
            Filled::Metered => self.meter().await,
            Filled::WithExternalIds => {
                for external_id in [TAKEN, FREED] {
                    let new = NewOrganization {
                        external_id: Some(ExternalId::parse(external_id).unwrap()),
                        ..acme()
                    };
                    let (service, owner) = (Caller::Service(meter()), user("dan"));
                    let created = self.store.create_organization(&service, &owner, new, None).await;
                    let id = created.unwrap().organization.id;
                    if external_id == FREED {
                        self.store.delete_organization(&service, &id, &any).await.unwrap();
                        self.expire(&id, &organization_key(&id)).await;
                    }
                }
            }
            Filled::Deleted => {
                self.store.delete_organization(&ann, &self.id, &any).await.unwrap();
            }
            Filled::Gone => {
                self.store.delete_organization(&ann, &self.id, &any).await.unwrap();
                self.expire(&self.id, &organization_key(&self.id)).await;
            }
        }
    }
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// The service of the examples.
fn meter() -> UserId {
    user(SERVICE.trim_start_matches("service:"))
}

fn caller(name: &str) -> Caller {
    Caller::User(user(name))
}

fn acme() -> NewOrganization {
    NewOrganization::new(
        OrganizationName::parse("Acme").unwrap(),
        Some(Domain::parse("acme.example").unwrap()),
    )
}

/// The key of an organization's partition, and of its item.
pub(crate) fn organization_key(id: &OrganizationId) -> String {
    format!("ORG#{}", id.as_str())
}
