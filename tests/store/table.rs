//! A table for one test, in memory, with helpers to fill and inspect it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use shared::error::Error;
use shared::model::{
    Member, NewOrganization, Organization, OrganizationId, OrganizationName, Preconditions, Role, UserId,
};
use shared::store::Store;
use std::collections::BTreeSet;
use std::ops::Deref;
use support::database::Database;
pub use support::database::Item;
use support::faults::Fault;
use support::invariants::digest;
pub use support::invariants::set;
use support::proxy::Proxy;

/// A store on a table of its own. Stops its DynamoDB when dropped.
pub struct Table {
    pub store: Store,
    pub client: Client,
    /// The proxy between the store and DynamoDB.
    pub proxy: Proxy,
    _database: Database,
}

impl Deref for Table {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl Table {
    pub async fn new() -> Self {
        let database = Database::start().await;
        let proxy = Proxy::start(database.url()).await;
        let store = support::database::store(proxy.url()).await;
        Self { store, client: database.client.clone(), proxy, _database: database }
    }

    /// Applies these faults to the store's next requests, one each.
    pub fn inject(&self, faults: impl IntoIterator<Item = Fault>) {
        self.inject_into("", faults);
    }

    /// The same for the next requests with this action.
    pub fn inject_into(&self, action: &'static str, faults: impl IntoIterator<Item = Fault>) {
        self.proxy.inject(action, faults);
    }

    /// Creates an organization that `owner` owns.
    pub async fn organization_of(&self, owner: &UserId) -> Organization {
        self.create_organization(owner, acme(), None).await.unwrap().organization
    }

    /// Creates an organization that `ann` owns, with the admin `bob` and the member `cyd`. It is at version
    /// 3.
    pub async fn team(&self) -> OrganizationId {
        let ann = user("ann");
        let id = self.organization_of(&ann).await.id;
        self.with(&ann, &id, &user("bob"), Role::Admin).await;
        self.with(&ann, &id, &user("cyd"), Role::Member).await;
        id
    }

    /// Adds a member, on behalf of an owner.
    pub async fn with(&self, owner: &UserId, id: &OrganizationId, user: &UserId, role: Role) -> Member {
        self.add_member(owner, id, user.clone(), role, &ANY).await.unwrap()
    }

    /// The stored item of an organization.
    pub async fn organization_item(&self, id: &OrganizationId) -> Item {
        let key = format!("ORG#{}", id.as_str());
        self.item(&key, &key).await.unwrap()
    }

    /// The stored item of a member in the organization's partition. Asserts that this item and the membership
    /// in the user's partition both exist or are both missing.
    pub async fn member_item(&self, user: &UserId, id: &OrganizationId) -> Option<Item> {
        let membership = self.membership_item(user, id).await;
        let member = self.item(&format!("ORG#{}", id.as_str()), &format!("MEMBER#{}", user.as_str())).await;
        assert_eq!(member.is_some(), membership.is_some(), "{member:?} {membership:?}");
        member
    }

    /// The stored item of a membership in the user's partition.
    pub async fn membership_item(&self, user: &UserId, id: &OrganizationId) -> Option<Item> {
        self.item(&format!("USER#{}", user.as_str()), &format!("ORG#{}", id.as_str())).await
    }

    /// The stored record of a user's request with a key.
    pub async fn idempotency_item(&self, user: &UserId, key: &str) -> Option<Item> {
        self.item(&format!("USER#{}", user.as_str()), &format!("IDEMPOTENCY#{key}")).await
    }

    /// The number of items in the table.
    pub async fn size(&self) -> i32 {
        self.client.scan().table_name(local::TABLE_NAME).send().await.unwrap().count
    }

    async fn item(&self, pk: &str, sk: &str) -> Option<Item> {
        let get = self.client.get_item().table_name(local::TABLE_NAME);
        let get = get.key("pk", AttributeValue::S(pk.into())).key("sk", AttributeValue::S(sk.into()));
        get.send().await.unwrap().item
    }

    /// Stores an item, valid or not.
    pub async fn put(&self, item: Item) {
        self.client.put_item().table_name(local::TABLE_NAME).set_item(Some(item)).send().await.unwrap();
    }
}

/// Any version.
pub const ANY: Preconditions = Preconditions::NONE;

pub fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

pub fn acme() -> NewOrganization {
    NewOrganization { name: OrganizationName::parse("Acme").unwrap(), domain: None }
}

pub fn users(names: &[&str]) -> BTreeSet<Vec<u8>> {
    names.iter().map(|name| digest(name)).collect()
}

pub fn number(item: &Item, attribute: &str) -> i64 {
    item[attribute].as_n().unwrap().parse().unwrap()
}

pub fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// The code and the details of an error, as text.
pub fn refusal<T>(result: Result<T, Error>) -> String {
    let error = result.err().expect("refused");
    match error.details() {
        Some(details) => format!("{} {details}", error.code()),
        None => error.code().to_owned(),
    }
}
