//! TransactWriteItems over an organization and one of its memberships, always in that order.

use super::Store;
use super::failure::unexpected;
use super::keys::Item;
use super::meter;
use super::retry::while_conflict;
use crate::error::Error;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, Delete, Put, ReturnConsumedCapacity, TransactWriteItem, Update,
};
use ulid::Ulid;

/// One write of a transaction.
pub(super) enum Step {
    Put(Put),
    Update(Update),
    Delete(Delete),
}

/// A condition that failed, with the item it failed on if DynamoDB returned it.
pub(super) struct Refused {
    pub item: Option<Item>,
}

/// Which conditions of a transaction failed; it changed nothing.
pub(super) struct Refusal {
    pub organization: Option<Refused>,
    pub membership: Option<Refused>,
}

impl Store {
    /// Makes both writes or neither. One ClientRequestToken goes with all attempts, the SDK's and
    /// those after a conflict, so a transaction whose answer was lost is done once.
    pub(super) async fn transact(
        &self,
        organization: Step,
        membership: Step,
    ) -> Result<Result<(), Refusal>, Error> {
        let request = self
            .client
            .transact_write_items()
            .transact_items(organization.into_item())
            .transact_items(membership.into_item())
            .client_request_token(Ulid::generate().to_string())
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        while_conflict(|| async {
            match request.clone().send().await {
                Ok(output) => {
                    meter::consumed(output.consumed_capacity());
                    Ok(Ok(()))
                }
                Err(error) => match reasons(&error) {
                    Some([organization, membership]) => match interference(&[organization, membership]) {
                        Some(error) => Err(error),
                        None => Ok(Err(Refusal {
                            organization: refused(organization),
                            membership: refused(membership),
                        })),
                    },
                    _ => Err(unexpected(error)),
                },
            }
        })
        .await
    }
}

fn reasons<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<&[CancellationReason]> {
    match error.as_service_error()? {
        TransactWriteItemsError::TransactionCanceledException(canceled) => {
            Some(canceled.cancellation_reasons())
        }
        _ => None,
    }
}

/// The error of a transaction that was canceled for another reason than its conditions. With one
/// of these, the conditions of the other item say nothing for certain.
fn interference(reasons: &[&CancellationReason]) -> Option<Error> {
    reasons.iter().find_map(|reason| match reason.code().unwrap_or_default() {
        "None" | "ConditionalCheckFailed" => None,
        "TransactionConflict" => Some(Error::Conflict),
        code @ ("ThrottlingError" | "ProvisionedThroughputExceeded") => {
            Some(Error::ServiceUnavailable(code.into()))
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
