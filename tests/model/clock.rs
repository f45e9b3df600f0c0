//! Time that passes between two requests: the test sets the time of an item to the past.

use crate::invitation::State;
use crate::known::Known;
use crate::model::Model;
use crate::organization::Deletion;
use aws_sdk_dynamodb::types::AttributeValue::{N, S};
use support::database::Database;

/// Whose time ends.
#[derive(Debug, Clone, Copy)]
pub enum End {
    /// An invitation's that was issued this many answers before the last one. DynamoDB has removed it, or
    /// will do so days later.
    Invitation { back: usize, removed: bool },
    /// That for restoring the organization with this index, if it is deleted.
    Organization(usize),
}

/// Ends a time in the table and in the model.
pub async fn end(which: End, database: &Database, known: &Known, model: &mut Model) {
    match which {
        End::Invitation { back, removed } => {
            let Some(issued) = known.back(back) else { return };
            let Some(organization) = model.organizations.get_mut(&issued.organization) else { return };
            let stored = organization.invitations.with_id(&issued.invitation);
            if stored.is_none_or(|stored| stored.state == State::Revoked) {
                return;
            }
            organization.invitations.end(&issued.invitation, removed);
            let key = format!("INVITATION#{}", issued.invitation);
            match removed {
                true => delete(database, &issued.organization, &key).await,
                false => expire(database, &issued.organization, &key).await,
            }
        }
        End::Organization(index) => {
            let Some(id) = known.created.get(index) else { return };
            let Some(organization) = model.organizations.get_mut(id) else { return };
            if let Deletion::Until { deleted_at, purge_at } = organization.deletion {
                organization.deletion = Deletion::Final { deleted_at, purge_at };
                expire(database, id, &format!("ORG#{id}")).await;
            }
        }
    }
}

async fn expire(database: &Database, organization: &str, key: &str) {
    let update = database.client.update_item().table_name(local::TABLE_NAME);
    let update = update.key("pk", S(format!("ORG#{organization}"))).key("sk", S(key.to_owned()));
    let update =
        update.update_expression("SET expiresAt = :past").condition_expression("attribute_exists(pk)");
    update.expression_attribute_values(":past", N("1".to_owned())).send().await.unwrap();
}

async fn delete(database: &Database, organization: &str, key: &str) {
    let delete = database.client.delete_item().table_name(local::TABLE_NAME);
    let delete = delete.key("pk", S(format!("ORG#{organization}"))).key("sk", S(key.to_owned()));
    delete.condition_expression("attribute_exists(pk)").send().await.unwrap();
}
