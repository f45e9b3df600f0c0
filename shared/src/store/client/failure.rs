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

/// Codes whose messages name a permission or a table, and nothing of the request. Others may quote it,
/// names and domains included, or credentials: a validation fails with "Value '[…]' at 'transactItems'",
/// and a signature with the text that was to be signed.
const TELLING: [&str; 2] = ["AccessDeniedException", "ResourceNotFoundException"];

/// The error for a call that failed, the SDK's retries included: overload and anything between us
/// and DynamoDB is unavailability, a refused request is a bug.
pub(in crate::store) fn unexpected<E>(error: SdkError<E, HttpResponse>) -> Error
where
    E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
{
    let SdkError::ServiceError(refused) = &error else {
        // The log shows what it and its sources say of themselves. Their `Debug`, which the SDK's
        // `DisplayErrorContext` adds, has the answer's body.
        return match error {
            SdkError::ConstructionFailure(_) => Error::Internal(error.into()),
            _ => Error::ServiceUnavailable(error.into()),
        };
    };
    let (status, code) = (refused.raw().status(), refused.err().code().unwrap_or_default());
    if code == "TransactionConflictException" {
        return Error::Conflict;
    }
    let message = refused.err().message().filter(|_| TELLING.contains(&code)).unwrap_or_default();
    let cause = format!("DynamoDB answered {} {code} {message}", status.as_u16());
    let cause = cause.trim_end().into();
    if OVERLOAD.contains(&code) || status.is_server_error() {
        Error::ServiceUnavailable(cause)
    } else {
        Error::Internal(cause)
    }
}
