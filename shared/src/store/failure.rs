//! What a failed DynamoDB call means when it is not one of the conditions that a method set.

use crate::error::Error;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use std::error::Error as StdError;

/// Codes by which DynamoDB says that it has too much to do just now
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>).
/// A transaction in progress is an earlier sending of the same one, of which it is open how it ends:
/// no conflict with others, of which it is certain that it changed nothing.
const OVERLOAD: [&str; 7] = [
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionInProgressException",
];

/// The error for a call that failed, the SDK's retries included: overload and anything between us
/// and DynamoDB is unavailability, a refused request is a bug.
pub(super) fn unexpected<E>(error: SdkError<E, HttpResponse>) -> Error
where
    E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
{
    let unavailable = match &error {
        SdkError::ServiceError(refused) => {
            let code = refused.err().code().unwrap_or_default();
            if code == "TransactionConflictException" {
                return Error::Conflict;
            }
            OVERLOAD.contains(&code) || refused.raw().status().is_server_error()
        }
        SdkError::ConstructionFailure(_) => false,
        _ => true,
    };
    // The error itself, of which the log shows what it and its sources say of themselves. Their
    // `Debug`, which the SDK's `DisplayErrorContext` adds, has the answer's body: names and domains.
    if unavailable { Error::ServiceUnavailable(error.into()) } else { Error::Internal(error.into()) }
}
