//! Writes to the local stack's table that bypass the API: for items that it would not write, and for time that
//! has passed.

use crate::{client::User, host::Local, invitations::text, organizations::Organization};
use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Config, Credentials, Region},
    types::AttributeValue,
};
use serde_json::Value;
use std::{
    collections::HashMap,
    time::{SystemTime, UNIX_EPOCH},
};

/// Why a test that uses the table needs the local stack.
pub(crate) const REASON: &str = "it writes to the table directly, bypassing the API";

pub(crate) struct Table(pub(crate) Client);

impl Table {
    pub(crate) fn of(stack: &Local) -> Self {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new("local", "local", None, None, "tests"))
            .endpoint_url(&stack.dynamodb_url)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .region(Region::new("local"))
            .build();
        Self(Client::from_conf(config))
    }

    /// Overwrites one attribute of the organization's item, which must exist.
    pub(crate) async fn set(&self, organization: &Organization, attribute: &str, value: AttributeValue) {
        let key = format!("ORG#{}", organization.id);
        self.set_in((&key, &key), attribute, value).await;
    }

    /// Deletes the organization's item, which must exist, as TTL does once the organization cannot be restored.
    pub(crate) async fn remove(&self, organization: &Organization) {
        let key = AttributeValue::S(format!("ORG#{}", organization.id));
        let delete = self.0.delete_item().table_name(local::TABLE_NAME).key("pk", key.clone()).key("sk", key);
        delete.condition_expression("attribute_exists(pk)").send().await.expect("the row is deleted");
    }

    /// Overwrites one attribute of the item of a period, which must have reports.
    pub(crate) async fn set_usage(
        &self,
        organization: &Organization,
        period: &str,
        attribute: &str,
        value: AttributeValue,
    ) {
        let (pk, sk) = (format!("ORG#{}", organization.id), format!("USAGE#{period}"));
        self.set_in((&pk, &sk), attribute, value).await;
    }

    /// The record of a service's report with this key, which must exist.
    pub(crate) async fn report(
        &self,
        service: &User,
        organization: &Organization,
        key: &str,
    ) -> HashMap<String, AttributeValue> {
        let (pk, sk) = report_key(service, organization, key);
        let get = self.0.get_item().table_name(local::TABLE_NAME).consistent_read(true);
        let found = get.key("pk", AttributeValue::S(pk)).key("sk", AttributeValue::S(sk)).send().await;
        found.expect("an answer").item.expect("a record")
    }

    /// Overwrites one attribute of that record.
    pub(crate) async fn set_report(
        &self,
        service: &User,
        organization: &Organization,
        key: &str,
        attribute: &str,
        value: AttributeValue,
    ) {
        let (pk, sk) = report_key(service, organization, key);
        self.set_in((&pk, &sk), attribute, value).await;
    }

    /// Lets the time of an invitation pass: after it, a pending one can no longer be accepted, and an accepted one is
    /// forgotten.
    pub(crate) async fn expire(&self, invitation: &Value) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
        let pk = format!("ORG#{}", text(invitation, "organizationId"));
        let sk = format!("INVITATION#{}", text(invitation, "id"));
        self.set_in((&pk, &sk), "expiresAt", AttributeValue::N(now.to_string())).await;
    }

    /// Overwrites one attribute of an item, which must exist.
    async fn set_in(&self, (pk, sk): (&str, &str), attribute: &str, value: AttributeValue) {
        let update = self.0.update_item().table_name(local::TABLE_NAME);
        update
            .key("pk", AttributeValue::S(pk.to_owned()))
            .key("sk", AttributeValue::S(sk.to_owned()))
            .update_expression("SET #attribute = :value")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#attribute", attribute)
            .expression_attribute_values(":value", value)
            .send()
            .await
            .expect("the row is overwritten");
    }
}

/// Where a report with this key is recorded.
fn report_key(service: &User, organization: &Organization, key: &str) -> (String, String) {
    (format!("USER#{}", service.id), format!("REPORT#{}#{key}", organization.id))
}
