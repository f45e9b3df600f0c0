//! TransactWriteItems over an organization and one of its memberships, always in that order.

use super::Store;
use super::failure::unexpected;
use super::keys::Item;
use super::meter;
use crate::error::Error;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, Delete, Put, ReturnConsumedCapacity, TransactWriteItem, Update,
};

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
    /// Makes both writes or neither. The SDK sends one ClientRequestToken with all its attempts,
    /// so a transaction whose answer was lost is done once.
    pub(super) async fn transact(
        &self,
        organization: Step,
        membership: Step,
    ) -> Result<Result<(), Refusal>, Error> {
        let sent = self
            .client
            .transact_write_items()
            .transact_items(organization.into_item())
            .transact_items(membership.into_item())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match sent {
            Ok(output) => {
                meter::consumed(output.consumed_capacity());
                Ok(Ok(()))
            }
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                    match canceled.cancellation_reasons() {
                        [organization, membership] => {
                            if let Some(error) = interference(&[organization, membership]) {
                                return Err(error);
                            }
                            Ok(Err(Refusal {
                                organization: refused(organization),
                                membership: refused(membership),
                            }))
                        }
                        _ => Err(unexpected(error)),
                    }
                }
                _ => Err(unexpected(error)),
            },
        }
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
