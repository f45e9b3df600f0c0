//! The contents of tables.

use crate::team::{Invitation, Team, organization_key};
use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, WriteRequest};
use serde_json::{Value, json};
use shared::model::{InvitationId, InvitationToken, OrganizationId, Period};
use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};
use support::database::{Database, Item, items};
use support::example::{Place, TOKEN};

/// The maximum number of items in one BatchWriteItem.
const MAX_BATCH: usize = 25;

/// The attributes of an item's key.
const KEY: [&str; 2] = ["pk", "sk"];

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
    /// The same team with as many members as its plan allows.
    WithMembers,
    /// The same team. Its limit is 15 units, 5 of them overages. 12 are used in [`period`], of which the service of
    /// the examples reported 4 with the Idempotency-Key `used`.
    Metered,
    /// The same team, an organization with the external id [`TAKEN`], and one with [`FREED`] that is gone.
    WithExternalIds,
    /// The same team; the organization is deleted.
    Deleted,
    /// The same, and it can no longer be restored.
    Gone,
}

/// The external id of an organization that exists.
pub const TAKEN: &str = "taken";

/// The external id of an organization that is gone.
pub const FREED: &str = "freed";

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

/// The billing period of all reports that name one: the month in which the suite started, even if it ends in the next.
pub fn period() -> Period {
    static PERIOD: LazyLock<Period> = LazyLock::new(Period::current);
    *PERIOD
}

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
        let organization = items.iter().find(|item| item.contains_key("version") && is_of(item, &team.id));
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
        let (found, kept) = (by_key(&found), by_key(&self.items));
        let missing = kept.iter().filter(|(key, item)| found.get(*key) != Some(*item)).map(|(_, item)| {
            let put = PutRequest::builder().set_item(Some((*item).clone())).build().unwrap();
            WriteRequest::builder().put_request(put).build()
        });
        let others = found.iter().filter(|(key, _)| !kept.contains_key(*key)).map(|(_, item)| {
            let key = Item::from(KEY.map(|name| (name.to_owned(), item[name].clone())));
            let delete = DeleteRequest::builder().set_key(Some(key)).build().unwrap();
            WriteRequest::builder().delete_request(delete).build()
        });
        for writes in missing.chain(others).collect::<Vec<_>>().chunks(MAX_BATCH) {
            let write = database.client.batch_write_item();
            write.request_items(local::TABLE_NAME, writes.to_vec()).send().await.unwrap();
        }
    }
}

/// Items by the values of [`KEY`]. A table has hundreds, and is filled thousands of times.
fn by_key(items: &[Item]) -> BTreeMap<[&str; 2], &Item> {
    items.iter().map(|item| (KEY.map(|name| item[name].as_s().unwrap().as_str()), item)).collect()
}

fn is_of(item: &Item, organization: &OrganizationId) -> bool {
    *item["pk"].as_s().unwrap() == organization_key(organization)
}
