//! TransactWriteItems makes all of its writes or none. TransactGetItems reads all of its items at the same
//! moment.

use super::client::failure::unexpected;
use super::client::meter;
use super::client::retry::{Attempts, Throttled};
use super::keys::Item;
use super::rules::Rule;
use super::table::{Refused, Store};
use crate::error::Error;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, Delete, Get, Put, ReturnConsumedCapacity,
    ReturnValuesOnConditionCheckFailure, TransactGetItem, TransactWriteItem, Update,
};
use ulid::Ulid;

/// Writes that are made together or not at all.
pub(super) struct Transaction {
    steps: Vec<TransactWriteItem>,
    /// The ClientRequestToken. It is the same for all attempts, so that a retry after a lost response does
    /// not write twice.
    token: String,
    /// True if the last step puts the record of an idempotency key.
    has_record: bool,
}

impl Transaction {
    pub(super) fn new(steps: Vec<TransactWriteItem>) -> Self {
        Self { steps, token: Ulid::generate().to_string(), has_record: false }
    }

    /// The same with the record of an idempotency key as its last step.
    pub(super) fn with_record(mut self, record: TransactWriteItem) -> Self {
        self.steps.push(record);
        Self { has_record: true, ..self }
    }
}

/// A condition of one step of a transaction.
#[derive(Debug, Clone, Default)]
pub(super) struct Condition {
    text: Option<String>,
    values: Option<Item>,
}

impl Condition {
    /// No condition.
    pub(super) const NONE: Self = Self { text: None, values: None };

    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), values: None }
    }

    /// A rule's condition.
    pub(super) fn of(rule: Rule<'_>) -> Self {
        let mut values = Item::new();
        let text = rule.condition(&mut values);
        Self { text, values: (!values.is_empty()).then_some(values) }
    }

    /// Both conditions.
    pub(super) fn and(self, text: &str) -> Self {
        let both = self.text.map_or_else(|| text.to_owned(), |first| format!("{first} AND {text}"));
        Self { text: Some(both), ..self }
    }

    /// The same with a value for a placeholder of the condition or of the update that it guards.
    pub(super) fn value(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.get_or_insert_default().insert(name.to_owned(), value);
        self
    }
}

/// An update as a step.
pub(super) fn step(update: Update) -> TransactWriteItem {
    TransactWriteItem::builder().update(update).build()
}

/// Steps of transactions. If a condition fails, DynamoDB returns the item.
impl Store {
    pub(super) fn put(&self, item: Item, condition: Condition) -> Result<TransactWriteItem, Error> {
        let put = Put::builder()
            .table_name(&*self.table)
            .set_item(Some(item))
            .set_condition_expression(condition.text)
            .set_expression_attribute_values(condition.values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| Error::Internal(error.into()))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    pub(super) fn delete(&self, key: Item, condition: Condition) -> Result<TransactWriteItem, Error> {
        let delete = Delete::builder()
            .table_name(&*self.table)
            .set_key(Some(key))
            .set_condition_expression(condition.text)
            .set_expression_attribute_values(condition.values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| Error::Internal(error.into()))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    pub(super) fn update(&self, key: Item, expression: &str, condition: Condition) -> Result<Update, Error> {
        Update::builder()
            .table_name(&*self.table)
            .set_key(Some(key))
            .update_expression(expression)
            .set_condition_expression(condition.text)
            .set_expression_attribute_values(condition.values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| Error::Internal(error.into()))
    }

    pub(super) fn check(&self, key: Item, condition: Condition) -> Result<TransactWriteItem, Error> {
        let check = ConditionCheck::builder()
            .table_name(&*self.table)
            .set_key(Some(key))
            .set_condition_expression(condition.text)
            .set_expression_attribute_values(condition.values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| Error::Internal(error.into()))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }
}

impl Store {
    /// Reads items at the same moment, and returns them in the order of the keys.
    ///
    /// # Errors
    /// [`Error::Conflict`] if a transaction is writing one of them.
    pub(super) async fn transact_get(
        &self,
        keys: impl Iterator<Item = Item>,
    ) -> Result<Vec<Option<Item>>, Error> {
        let get = |key| {
            let get = Get::builder().table_name(&*self.table).set_key(Some(key)).build();
            let get = get.map_err(|error| Error::Internal(error.into()))?;
            Ok(TransactGetItem::builder().get(get).build())
        };
        let request = self
            .client
            .transact_get_items()
            .set_transact_items(Some(keys.map(get).collect::<Result<_, Error>>()?))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match request.send().await {
            Ok(output) => {
                meter::consumed(output.consumed_capacity());
                let items = output.responses.unwrap_or_default().into_iter().map(|found| found.item);
                Ok(items.map(|item| item.filter(|item| !item.is_empty())).collect())
            }
            Err(error) => {
                let reasons = match error.as_service_error() {
                    Some(TransactGetItemsError::TransactionCanceledException(canceled)) => {
                        canceled.cancellation_reasons()
                    }
                    _ => &[],
                };
                Err(interference(reasons).unwrap_or_else(|| unexpected(error)))
            }
        }
    }

    /// Makes all writes or none. If conditions failed, returns one entry for each step, in order; it is
    /// `None` if the step's condition held.
    ///
    /// # Errors
    /// [`Error::Conflict`] if another transaction is writing one of the items;
    /// [`Error::IdempotencyInProgress`] if it is the idempotency record.
    pub(super) async fn transact(
        &self,
        transaction: &Transaction,
        attempts: &Attempts,
    ) -> Result<Result<(), Vec<Option<Refused>>>, Error> {
        let request = self
            .client
            .transact_write_items()
            .set_transact_items(Some(transaction.steps.clone()))
            .client_request_token(&transaction.token)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        match request.customize().interceptor(attempts.in_doubt()).send().await {
            Ok(output) => {
                meter::consumed(output.consumed_capacity());
                Ok(Ok(()))
            }
            Err(error) => match reasons(&error, transaction.steps.len()) {
                Some(reasons) => match interference(reasons) {
                    // Another request with the same key is putting its record.
                    Some(Error::Conflict) if transaction.has_record && ends_in_conflict(reasons) => {
                        Err(Error::IdempotencyInProgress)
                    }
                    Some(error) => Err(error),
                    None => Ok(Err(reasons.iter().map(refused).collect())),
                },
                None => Err(unexpected(error)),
            },
        }
    }
}

/// Why a transaction was canceled: a reason for each step, in the steps' order.
fn reasons<R>(error: &SdkError<TransactWriteItemsError, R>, steps: usize) -> Option<&[CancellationReason]> {
    match error.as_service_error()? {
        TransactWriteItemsError::TransactionCanceledException(canceled) => {
            Some(canceled.cancellation_reasons()).filter(|reasons| reasons.len() == steps)
        }
        _ => None,
    }
}

/// The error of a transaction that was canceled for a reason other than its conditions. In that case,
/// the reported outcomes of its conditions are not reliable.
fn interference(reasons: &[CancellationReason]) -> Option<Error> {
    reasons.iter().find_map(|reason| match reason.code().unwrap_or_default() {
        "None" | "ConditionalCheckFailed" => None,
        "TransactionConflict" => Some(Error::Conflict),
        code @ ("ThrottlingError" | "ProvisionedThroughputExceeded") => {
            Some(Error::ServiceUnavailable(Throttled(code.to_owned()).into()))
        }
        code => Some(Error::Internal(format!("transaction canceled: {code}").into())),
    })
}

fn ends_in_conflict(reasons: &[CancellationReason]) -> bool {
    reasons.last().is_some_and(|reason| reason.code() == Some("TransactionConflict"))
}

fn refused(reason: &CancellationReason) -> Option<Refused> {
    let refused = reason.code() == Some("ConditionalCheckFailed");
    refused.then(|| Refused { item: reason.item().cloned().filter(|item| !item.is_empty()) })
}
