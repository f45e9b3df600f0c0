//! A table for one test, in memory, with helpers to fill and inspect it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use shared::error::Error;
use shared::model::{
    Caller, Creation, IdempotencyKey, Member, NewOrganization, Organization, OrganizationId,
    OrganizationName, Preconditions, Role, UserId,
};
use shared::store::Store;
use std::collections::BTreeSet;
use std::ops::Deref;
use std::time::{SystemTime, UNIX_EPOCH};
use support::database::Database;
pub use support::database::Item;
use support::faults::Fault;
pub use support::invariants::set;
use support::invariants::{Contents, digest};
use support::proxy::Proxy;

/// A store on a table of its own. Stops its DynamoDB when dropped.
pub struct Table {
    pub store: Store,
    pub client: Client,
    /// The proxy between the store and DynamoDB.
    pub proxy: Proxy,
    database: Database,
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
        Self { store, client: database.client.clone(), proxy, database }
    }

    /// The URL of its DynamoDB, past the proxy.
    pub fn dynamodb_url(&self) -> String {
        self.database.url()
    }

    /// Applies these faults to the store's next requests, one each.
    pub fn inject(&self, faults: impl IntoIterator<Item = Fault>) {
        self.inject_into("", faults);
    }

    /// The same for the next requests with this action.
    pub fn inject_into(&self, action: &'static str, faults: impl IntoIterator<Item = Fault>) {
        self.proxy.inject(action, faults);
    }

    /// Creates an organization that the user `owner` owns.
    pub async fn create(
        &self,
        owner: &Caller,
        new: NewOrganization,
        key: Option<&IdempotencyKey>,
    ) -> Result<Creation, Error> {
        self.create_organization(owner, owner.user().unwrap(), new, key).await
    }

    /// The same with the usual values.
    pub async fn organization_of(&self, owner: &Caller) -> Organization {
        self.create(owner, acme(), None).await.unwrap().organization
    }

    /// Creates an organization that `ann` owns, with the admin `bob` and the member `cyd`. It is at version
    /// 3.
    pub async fn team(&self) -> OrganizationId {
        let id = self.organization_of(&caller("ann")).await.id;
        self.with(&id, "bob", Role::Admin).await;
        self.with(&id, "cyd", Role::Member).await;
        id
    }

    /// Adds a member, on behalf of a service.
    pub async fn with(&self, id: &OrganizationId, user: &str, role: Role) -> Member {
        self.add(id, user, role, &ANY).await.unwrap()
    }

    /// The same if the preconditions hold.
    pub async fn add(
        &self,
        id: &OrganizationId,
        name: &str,
        role: Role,
        preconditions: &Preconditions,
    ) -> Result<Member, Error> {
        self.add_member(&user("backend"), id, user(name), role, preconditions).await
    }

    /// The stored item of an organization.
    pub async fn organization_item(&self, id: &OrganizationId) -> Item {
        let key = format!("ORG#{}", id.as_str());
        self.item(&key, &key).await.unwrap()
    }

    /// The stored item of a member in the organization's partition. Asserts that this item and the membership
    /// in the user's partition both exist or are both missing.
    pub async fn member_item(&self, user: &str, id: &OrganizationId) -> Option<Item> {
        let membership = self.membership_item(user, id).await;
        let member = self.item(&format!("ORG#{}", id.as_str()), &format!("MEMBER#{user}")).await;
        assert_eq!(member.is_some(), membership.is_some(), "{member:?} {membership:?}");
        member
    }

    /// The stored item of a membership in the user's partition.
    pub async fn membership_item(&self, user: &str, id: &OrganizationId) -> Option<Item> {
        self.item(&format!("USER#{user}"), &format!("ORG#{}", id.as_str())).await
    }

    /// The stored record of a caller's request with a key.
    pub async fn idempotency_item(&self, caller: &str, key: &str) -> Option<Item> {
        self.item(&format!("USER#{caller}"), &format!("IDEMPOTENCY#{key}")).await
    }

    /// A user's own item.
    pub async fn user_item(&self, user: &str) -> Option<Item> {
        let key = format!("USER#{user}");
        self.item(&key, &key).await
    }

    /// The number of items in the table.
    pub async fn size(&self) -> i32 {
        self.client.scan().table_name(local::TABLE_NAME).send().await.unwrap().count
    }

    /// The item with this key.
    pub async fn item(&self, pk: &str, sk: &str) -> Option<Item> {
        let get = self.client.get_item().table_name(local::TABLE_NAME);
        let get = get.key("pk", AttributeValue::S(pk.into())).key("sk", AttributeValue::S(sk.into()));
        get.send().await.unwrap().item
    }

    /// Fails if the table violates an invariant.
    pub async fn expect_no_fault(&self) {
        Contents::read(&self.client).await.expect_no_fault();
    }

    /// Stores an item, valid or not.
    pub async fn put(&self, item: Item) {
        put(&self.client, item).await;
    }
}

/// Stores an item, valid or not.
pub async fn put(client: &Client, item: Item) {
    client.put_item().table_name(local::TABLE_NAME).set_item(Some(item)).send().await.unwrap();
}

/// Any version.
pub const ANY: Preconditions = Preconditions::NONE;

pub fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

/// A user, or a service if the name begins with `service:`.
pub fn caller(name: &str) -> Caller {
    name.to_owned().try_into().unwrap()
}

/// The seconds since 1970.
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// A number as an attribute.
pub fn integer(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub fn acme() -> NewOrganization {
    NewOrganization::new(OrganizationName::parse("Acme").unwrap(), None)
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
    let error = result.err().expect("an error, but the request succeeded");
    match error.details() {
        Some(details) => format!("{} {details}", error.code()),
        None => error.code().to_owned(),
    }
}
