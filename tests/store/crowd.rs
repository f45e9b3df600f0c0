//! Organizations of thousands of members, filled past the store.

use crate::table::{Item, Table, integer, text};
use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use shared::model::OrganizationId;

impl Table {
    /// Adds members until the organization has so many. `cyd` is a member; the others are like `cyd`.
    pub async fn crowd(&self, id: &OrganizationId, members: usize) {
        let partition = format!("ORG#{}", id.as_str());
        let mut organization = self.organization_item(id).await;
        let already: usize = organization["memberCount"].as_n().unwrap().parse().unwrap();
        let (member, membership) =
            (self.member_item("cyd", id).await.unwrap(), self.membership_item("cyd", id).await.unwrap());
        let mut items = Vec::new();
        for number in already..members {
            let name = format!("member-{number}");
            let with = |item: &Item, changed: [(&str, String); 2]| {
                let mut item = item.clone();
                item.extend(changed.map(|(attribute, value)| (attribute.to_owned(), text(&value))));
                item
            };
            items.push(with(&member, [("sk", format!("MEMBER#{name}")), ("userId", name.clone())]));
            items.push(with(&membership, [("pk", format!("USER#{name}")), ("sk", partition.clone())]));
        }
        organization.insert("memberCount".to_owned(), integer(members.try_into().unwrap()));
        items.push(organization);
        for batch in items.chunks(25) {
            let put = |item: &Item| {
                let put = PutRequest::builder().set_item(Some(item.clone())).build().unwrap();
                WriteRequest::builder().put_request(put).build()
            };
            let write = self.client.batch_write_item();
            let write = write.request_items(local::TABLE_NAME, batch.iter().map(put).collect());
            assert!(write.send().await.unwrap().unprocessed_items.unwrap_or_default().is_empty());
        }
    }
}
