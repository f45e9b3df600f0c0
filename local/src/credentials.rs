use std::env;

/// Access key id and secret key for the embedded DynamoDB. It checks no signature, but the SDK does
/// not send unsigned requests.
pub(crate) const PLACEHOLDERS: [&str; 2] = ["local", "local"];

/// The credentials that the functions use for DynamoDB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Credentials {
    /// [`PLACEHOLDERS`].
    Placeholder,
    /// Those in the environment, which belong to the DynamoDB that the developer named.
    Environment,
}

impl Credentials {
    /// For a DynamoDB other than the embedded one: the environment's credentials, if there are any.
    /// Profiles do not count, as the functions do not read them.
    pub(crate) fn for_external_dynamodb() -> Self {
        match env::var_os("AWS_ACCESS_KEY_ID") {
            Some(id) if !id.is_empty() => Self::Environment,
            _ => Self::Placeholder,
        }
    }
}
