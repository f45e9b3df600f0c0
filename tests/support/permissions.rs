//! The IAM permissions that a request to DynamoDB needs.

use serde_json::Value;

/// The permissions that a request needs, each an action on the table or on an index.
///
/// A transaction needs the permissions of its items
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html>).
pub fn permissions(action: &str, body: &[u8]) -> Vec<String> {
    let body: Value = serde_json::from_slice(body).unwrap();
    if let Some(items) = body["TransactItems"].as_array() {
        let kinds = items.iter().flat_map(|item| item.as_object().unwrap().keys());
        // `ConditionCheck`, `Put`, `Update`, `Delete` or `Get`.
        return kinds.map(|kind| format!("dynamodb:{kind}Item on table")).collect();
    }
    let resource = body["IndexName"].as_str().map_or("table".to_owned(), |index| format!("index/{index}"));
    vec![format!("dynamodb:{action} on {resource}")]
}
