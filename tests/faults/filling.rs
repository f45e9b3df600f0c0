//! The contents of tables.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, PutRequest, WriteRequest};
use serde_json::{Value, json};
use shared::model::{
    Caller, Domain, Email, IdempotencyKey, InvitationId, InvitationToken, Invitee, Lifetime, NewInvitation,
    NewOrganization, OrganizationId, OrganizationName, Preconditions, Role, UserId,
};
use shared::store::Store;
use std::collections::BTreeMap;
use std::sync::Mutex;
use support::database::{Database, Item, items};
use support::example::{MEMBER, Place, TOKEN};
use support::invariants::digest;

/// The maximum number of items in one BatchWriteItem.
const MAX_BATCH: usize = 25;

/// The content of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Filled {
    /// An organization with the owner `ann`, the admin `bob`, the member [`MEMBER`], others who accepted an
    /// invitation, and the invitations below. `ann` created it with the Idempotency-Key `used`.
    WithTeam,
    /// The same, and a hundred more organizations of `ann`: more than one BatchGetItem takes.
    WithMany,
    /// The same team; `ann` has created as many organizations as a user may.
    AtLimit,
    /// The same team with as many owners and admins as possible.
    WithAdmins,
    /// The same team with as many pending invitations as possible.
    WithInvitations,
    /// The same team; the organization is deleted.
    Deleted,
    /// The same, and it can no longer be restored.
    Gone,
}

/// The address of a pending invitation.
pub const INVITED: &str = "invited@acme.example";

/// The address of an invitation that has expired.
pub const EXPIRED_ADDRESS: &str = "expired@acme.example";

/// The address of an invitation that a member has accepted.
pub const PRESENT_ADDRESS: &str = "present@acme.example";

/// The address of an invitation that `lee` has accepted, who has left since.
pub const LEFT_ADDRESS: &str = "left@acme.example";

// Each of these stands for an invitation: for its token in a body, and for its id in a path.
/// To become an admin.
pub const ADMINS: &str = "admins";
/// To become an owner.
pub const OWNERS: &str = "owners";
/// It has expired.
pub const EXPIRED: &str = "expired";
/// `ida` has accepted it, and is a member.
pub const ACCEPTED: &str = "accepted";
/// `lee` has accepted it, and has left.
pub const LEFT: &str = "left";
/// Its inviter was demoted.
pub const OUSTED: &str = "ousted";
/// That of the example with another secret.
pub const FORGED: &str = "forged";
/// Of an organization that does not exist.
pub const FOREIGN: &str = "foreign";

/// The content of a table.
pub struct Filling {
    items: Vec<Item>,
    /// The team's organization, and the invitation of the examples.
    pub place: Place,
    version: u64,
    invitations: BTreeMap<&'static str, Invitation>,
    /// Databases to reuse. They were filled with this content, and calls have changed it since.
    pub spare: Mutex<Vec<Database>>,
}

struct Invitation {
    id: String,
    token: InvitationToken,
}

impl Filling {
    /// Creates the content with a store.
    pub async fn new(filled: Filled) -> Self {
        let database = Database::start().await;
        let store = support::database::store(database.url()).await;
        let team = Team::create(store, database.client.clone()).await;
        let mut invitations = team.invitations().await;
        team.fill(filled).await;
        let example = invitations.remove(TOKEN).unwrap();
        let id = InvitationId::parse(&example.id).unwrap();
        let made_up = |organization: &OrganizationId| Invitation {
            id: example.id.clone(),
            token: InvitationToken::generate(organization, &id).unwrap(),
        };
        invitations.insert(FORGED, made_up(&team.id));
        invitations.insert(FOREIGN, made_up(&OrganizationId::generate()));
        let (organization, token) = (team.id.as_str().to_owned(), example.token.to_text());
        let place = Place { organization, invitation: example.id, token };
        let items = items(&database.client).await;
        let organization =
            items.iter().find(|item| item.contains_key("lastMutations") && is_of(item, &team.id));
        let version = organization.unwrap()["version"].as_n().unwrap().parse().unwrap();
        Self { items, place, version, invitations, spare: Mutex::default() }
    }

    /// A header's value with the versions of the organization.
    pub fn versions(&self, value: &str) -> String {
        [("{previous}", self.version - 1), ("{current}", self.version), ("{next}", self.version + 1)]
            .into_iter()
            .fold(value.to_owned(), |value, (name, version)| value.replace(name, &version.to_string()))
    }

    /// A body with the token that it names.
    pub fn tokens(&self, body: &Value) -> Value {
        let mut body = body.clone();
        if let Some(name) = body["token"].as_str() {
            body["token"] = json!(self.invitations[name].token.to_text());
        }
        body
    }

    /// A parameter of a path: the id of the invitation that it names, or the value itself.
    pub fn parameter<'a>(&'a self, name: &str, value: &'a str) -> &'a str {
        let named = self.invitations.get(value).filter(|_| name == "invitation_id");
        named.map_or(value, |invitation| &invitation.id)
    }

    /// Replaces a table's content.
    pub async fn fill(&self, database: &Database) {
        let found = items(&database.client).await;
        let key = |item: &Item| Item::from(["pk", "sk"].map(|name| (name.to_owned(), item[name].clone())));
        let missing = self.items.iter().filter(|item| !found.contains(item)).map(|item| {
            let put = PutRequest::builder().set_item(Some(item.clone())).build().unwrap();
            WriteRequest::builder().put_request(put).build()
        });
        let others = found.iter().filter(|item| !self.items.iter().any(|kept| key(kept) == key(item)));
        let others = others.map(|item| {
            let delete = DeleteRequest::builder().set_key(Some(key(item))).build().unwrap();
            WriteRequest::builder().delete_request(delete).build()
        });
        for writes in missing.chain(others).collect::<Vec<_>>().chunks(MAX_BATCH) {
            let write = database.client.batch_write_item();
            write.request_items(local::TABLE_NAME, writes.to_vec()).send().await.unwrap();
        }
    }
}

fn is_of(item: &Item, organization: &OrganizationId) -> bool {
    *item["pk"].as_s().unwrap() == organization_key(organization)
}

fn organization_key(id: &OrganizationId) -> String {
    format!("ORG#{}", id.as_str())
}

/// Creates an organization and what belongs to it.
struct Team {
    store: Store,
    client: Client,
    id: OrganizationId,
}

impl Team {
    async fn create(store: Store, client: Client) -> Self {
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

    /// Makes an item of the organization expire.
    async fn expire(&self, sk: &str) {
        self.set(&organization_key(&self.id), sk, "expiresAt", AttributeValue::N("1".to_owned())).await;
    }

    async fn set(&self, pk: &str, sk: &str, attribute: &str, value: AttributeValue) {
        let [pk, sk] = [pk, sk].map(|key| AttributeValue::S(key.to_owned()));
        let update = self.client.update_item().table_name(local::TABLE_NAME).key("pk", pk).key("sk", sk);
        let update = update.update_expression("SET #attribute = :value");
        let update = update.expression_attribute_names("#attribute", attribute);
        update.expression_attribute_values(":value", value).send().await.unwrap();
    }

    /// Invites, and gives each invitation its fate.
    async fn invitations(&self) -> BTreeMap<&'static str, Invitation> {
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
            self.expire(&format!("INVITATION#{id}")).await;
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

    async fn fill(&self, filled: Filled) {
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
            Filled::Deleted => {
                self.store.delete_organization(&ann, &self.id, &any).await.unwrap();
            }
            Filled::Gone => {
                self.store.delete_organization(&ann, &self.id, &any).await.unwrap();
                self.expire(&organization_key(&self.id)).await;
            }
        }
    }
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
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
