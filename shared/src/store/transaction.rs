//! TransactWriteItems: a few writes, all of them or none; and TransactGetItems: a few items as they are
//! at one moment.

use super::Store;
use super::failure::unexpected;
use super::keys::Item;
use super::meter;
use super::retry::{Throttled, while_contended};
use crate::error::Error;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, Delete, Get, Put, ReturnConsumedCapacity, TransactGetItem, TransactWriteItem, Update,
};
use ulid::Ulid;

/// One write of a transaction.
#[derive(Clone)]
pub(super) enum Step {
    Put(Put),
    Update(Update),
    Delete(Delete),
}

/// A condition that failed, with the item it failed on if DynamoDB returned it.
pub(super) struct Refused {
    pub item: Option<Item>,
}

impl Store {
    /// Makes all writes or none; then it says which of the steps' conditions failed, each in its
    /// step's place. One ClientRequestToken goes with all attempts, the SDK's and those after a
    /// conflict or throttling, so a transaction whose answer was lost is done once.
    pub(super) async fn transact<const STEPS: usize>(
        &self,
        steps: [Step; STEPS],
    ) -> Result<Result<(), [Option<Refused>; STEPS]>, Error> {
        let request = self
            .client
            .transact_write_items()
            .set_transact_items(Some(steps.map(Step::into_item).into()))
            .client_request_token(Ulid::generate().to_string())
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        while_contended(|unanswered| async {
            match request.clone().customize().interceptor(unanswered).send().await {
                Ok(output) => {
                    meter::consumed(output.consumed_capacity());
                    Ok(Ok(()))
                }
                Err(error) => match reasons(&error) {
                    Some(reasons) => match interference(reasons) {
                        Some(error) => Err(error),
                        None => Ok(Err(reasons.each_ref().map(refused))),
                    },
                    None => Err(unexpected(error)),
                },
            }
        })
        .await
    }
}

impl Store {
    /// Reads items as they are at one moment, in the order of the keys. Transactions that write them
    /// are waited for.
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
        while_contended(|_| async {
            match request.clone().send().await {
                Ok(output) => {
                    meter::consumed(output.consumed_capacity());
                    let items = output.responses.unwrap_or_default().into_iter().map(|found| found.item);
                    Ok(items.map(|item| item.filter(|item| !item.is_empty())).collect())
                }
                Err(error) => match error.as_service_error() {
                    Some(TransactGetItemsError::TransactionCanceledException(canceled)) => {
                        let interference = interference(canceled.cancellation_reasons());
                        Err(interference.unwrap_or_else(|| unexpected(error)))
                    }
                    _ => Err(unexpected(error)),
                },
            }
        })
        .await
    }
}

/// Why a transaction was canceled: a reason for each step, in the steps' order.
fn reasons<const STEPS: usize, R>(
    error: &SdkError<TransactWriteItemsError, R>,
) -> Option<&[CancellationReason; STEPS]> {
    match error.as_service_error()? {
        TransactWriteItemsError::TransactionCanceledException(canceled) => {
            canceled.cancellation_reasons().try_into().ok()
        }
        _ => None,
    }
}

/// The error of a transaction that was canceled for another reason than its conditions. With one
/// of these, the conditions of the other items say nothing for certain.
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

fn refused(reason: &CancellationReason) -> Option<Refused> {
    let refused = reason.code() == Some("ConditionalCheckFailed");
    refused.then(|| Refused { item: reason.item().cloned().filter(|item| !item.is_empty()) })
}

impl Step {
    fn into_item(self) -> TransactWriteItem {
        let item = TransactWriteItem::builder();
        match self {
            Self::Put(put) => item.put(put),
            Self::Update(update) => item.update(update),
            Self::Delete(delete) => item.delete(delete),
        }
        .build()
    }
}
