//! The errors for failed DynamoDB calls, except failed conditions.

use crate::error::Error;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use std::error::Error as StdError;

/// DynamoDB's error codes for temporary overload
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>).
/// `TransactionInProgressException` means that an earlier attempt at the same transaction is still
/// running and may succeed. It is not a conflict, because a conflict promises that nothing has changed.
const OVERLOAD: [&str; 7] = [
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionInProgressException",
];

/// Error codes whose messages are safe to log: they name a permission or a table, and nothing from the
/// request. Other messages may quote names, domains or credentials. A validation error says "Value '[…]'
/// at 'transactItems'", and a signature error quotes the text to sign.
const TELLING: [&str; 2] = ["AccessDeniedException", "ResourceNotFoundException"];

/// The error for a call that failed after the SDK's retries. Overload and network failures mean that the
/// service is unavailable. Any other rejected request is a bug.
pub(in crate::store) fn unexpected<E>(error: SdkError<E, HttpResponse>) -> Error
where
    E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
{
    let SdkError::ServiceError(refused) = &error else {
        // The log shows the `Display` text of the error and its sources. `DisplayErrorContext` of the
        // SDK would add their `Debug` text, which contains the response body.
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
