use serde::Deserialize;
use serde_json::value::RawValue;

/// What an authorizer of API Gateway passes on in an event. Only the subject is read, so that no other claim
/// can make an event unreadable: an issuer may add claims of any JSON type.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Authorizer {
    #[serde(default)]
    jwt: Option<Jwt>,
}

#[derive(Debug, Clone, Deserialize)]
struct Jwt {
    #[serde(default)]
    claims: Option<Claims>,
}

#[derive(Debug, Clone, Deserialize)]
struct Claims {
    #[serde(default)]
    sub: Option<String>,
}

impl Authorizer {
    /// Reads the `authorizer` of an event. Anything unreadable is an authorizer that passes on no subject: that
    /// some authorizer ran must not be forgotten, since the token would then be verified again.
    pub(crate) fn read(json: &RawValue) -> Self {
        serde_json::from_str(json.get()).unwrap_or_default()
    }

    /// The `sub` claim, if there is one and it is a string.
    pub(super) fn subject(&self) -> Option<&str> {
        self.jwt.as_ref()?.claims.as_ref()?.sub.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(json: &str) -> Option<String> {
        Authorizer::read(serde_json::from_str(json).unwrap()).subject().map(str::to_owned)
    }

    #[test]
    fn only_the_subject_is_read_and_it_must_be_a_string() {
        let deep = "[".repeat(1000) + &"]".repeat(1000);
        for other in ["true", "5", "1e999", "-0.5", "null", "{\"sub\": \"eve\"}", "[\"\\ud800\"]", &deep] {
            let ann =
                subject(&format!(r#"{{"jwt": {{"claims": {{"x": {other}, "sub": "ann", "y": {other}}}}}}}"#));
            assert_eq!(ann.as_deref(), Some("ann"), "{other}");
            assert_eq!(subject(&format!(r#"{{"jwt": {{"claims": {{"sub": {other}}}}}}}"#)), None, "{other}");
        }
        for none in [
            "{}",
            "5",
            r#"{"jwt": null}"#,
            r#"{"jwt": 5}"#,
            r#"{"jwt": {"claims": null}}"#,
            r#"{"jwt": {"claims": "ann"}}"#,
            r#"{"jwt": {"claims": {"sub": "ann", "sub": "eve"}}}"#,
            r#"{"lambda": {"sub": "eve"}}"#,
        ] {
            assert_eq!(subject(none), None, "{none}");
        }
    }
}
