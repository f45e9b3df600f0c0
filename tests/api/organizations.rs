//! Builders that use the API itself: an organization, its team, its paths.

use crate::{client::User, stack};
use serde_json::{Value, json};

/// An organization created by a test.
pub(crate) struct Organization {
    pub(crate) id: String,
    /// Its path in the API.
    pub(crate) path: String,
}

impl Organization {
    pub(crate) fn from_id(id: &str) -> Self {
        Self { id: id.to_owned(), path: format!("/organization/{id}") }
    }

    pub(crate) fn max_overages(&self) -> String {
        format!("{}/max-overages", self.path)
    }

    pub(crate) fn plan(&self) -> String {
        format!("{}/plan", self.path)
    }

    pub(crate) fn usage(&self) -> String {
        format!("{}/usage", self.path)
    }

    pub(crate) fn events(&self) -> String {
        format!("{}/event", self.path)
    }

    pub(crate) fn members(&self) -> String {
        format!("{}/member", self.path)
    }

    pub(crate) fn member(&self, user_id: &str) -> String {
        format!("{}/{}", self.members(), percent_encode(user_id))
    }

    /// A service adds a member. Returns the member.
    pub(crate) async fn add(&self, user_id: &str, role: &str) -> Value {
        self.add_by(&stack::service(), user_id, role).await
    }

    /// The same by this service.
    pub(crate) async fn add_by(&self, service: &User, user_id: &str, role: &str) -> Value {
        let body = json!({ "userId": user_id, "role": role });
        service.post(self.members(), body).send().await.expect(201)
    }
}

/// Encodes every byte except letters and digits, even where a path does not need it.
pub(crate) fn percent_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte.is_ascii_alphanumeric() {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

/// An organization with a member of each role, a stranger, and the service that added the members.
pub(crate) struct Team {
    pub(crate) organization: Organization,
    pub(crate) service: User,
    pub(crate) owner: User,
    pub(crate) admin: User,
    pub(crate) member: User,
    pub(crate) stranger: User,
}

/// A new team. Its organization is at version 3, after the creation and two additions.
pub(crate) async fn team() -> Team {
    let [owner, admin, member, stranger] = ["alice", "bob", "carol", "dave"].map(stack::user);
    let (service, organization) = (stack::service(), owner.create_organization("Team").await);
    for (user, role) in [(&admin, "admin"), (&member, "member")] {
        organization.add_by(&service, &user.id, role).await;
    }
    Team { organization, service, owner, admin, member, stranger }
}

impl User {
    pub(crate) async fn create_organization(&self, name: &str) -> Organization {
        let response = self.post("/organization", json!({ "organizationName": name })).send().await;
        Organization::from_id(response.expect(201)["id"].as_str().expect("an id"))
    }

    pub(crate) async fn organization(&self, organization: &Organization) -> Value {
        self.get(&organization.path).send().await.expect(200)
    }

    /// All pages of a list.
    pub(crate) async fn pages(&self, path: &str) -> Vec<Vec<Value>> {
        let (mut pages, mut next) = (Vec::new(), Some(path.to_owned()));
        while let Some(path) = next {
            assert!(pages.len() < 1_000, "the list never ends: {path}");
            let response = self.get(&path).send().await;
            let page = response.expect(200).as_array().expect("an array").clone();
            pages.push(page);
            next = response.next_page();
        }
        pages
    }

    /// The value of `field` in each item of a list, in order.
    pub(crate) async fn list(&self, path: &str, field: &str) -> Vec<String> {
        let items = self.pages(path).await.into_iter().flatten();
        items.map(|item| item[field].as_str().expect("a string").to_owned()).collect()
    }

    /// Asserts that the organization has exactly these members, as (user id, role) in any order.
    pub(crate) async fn expect_members(&self, organization: &Organization, members: &[(&str, &str)]) {
        let mut expected: Vec<_> = members.iter().map(|(id, role)| json!([id, role])).collect();
        let listed = self.pages(&organization.members()).await.into_iter().flatten();
        let mut found: Vec<_> = listed.map(|member| json!([member["userId"], member["role"]])).collect();
        expected.sort_by_key(Value::to_string);
        found.sort_by_key(Value::to_string);
        assert_eq!(found, expected);
    }
}

/// Asserts that an object has these fields and no others.
#[track_caller]
pub(crate) fn assert_fields(object: &Value, fields: &[&str]) {
    let mut expected = fields.to_vec();
    expected.sort_unstable();
    let mut found: Vec<_> = object.as_object().expect("an object").keys().collect();
    found.sort_unstable();
    assert_eq!(found, expected, "{object}");
}

/// Asserts RFC 3339 in UTC with `Z`: `2025-01-31T23:59:59Z`, fractions of a second allowed.
#[track_caller]
pub(crate) fn assert_timestamp(value: &Value) {
    let text = value.as_str().unwrap_or_else(|| panic!("not a timestamp: {value}"));
    let digits: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let fraction = digits.strip_prefix("0000-00-00T00:00:00").and_then(|rest| rest.strip_suffix('Z'));
    let valid = fraction.is_some_and(|fraction| {
        let zeros = fraction.strip_prefix('.').unwrap_or(if fraction.is_empty() { "0" } else { "" });
        !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0')
    });
    assert!(valid, "not a timestamp in UTC: {value}");
}
