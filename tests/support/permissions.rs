//! The IAM permissions that a request to DynamoDB needs.

use serde_json::Value;

/// The actions that a request needs, each with what it needs them on: the table or an index of it.
///
/// A transaction needs the actions of its items
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
