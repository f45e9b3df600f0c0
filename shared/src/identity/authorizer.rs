use super::claims::Claims;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// The claims that an authorizer of API Gateway passes on in an event.
#[derive(Debug, Clone)]
pub(crate) struct Authorizer(Claims);

impl Authorizer {
    /// Reads the `authorizer` of an event. Anything unreadable is an authorizer that passes on no claims: that
    /// some authorizer ran must not be forgotten, since the token would then be verified again.
    pub(crate) fn read(json: &RawValue) -> Self {
        let claims = member(json, "jwt").and_then(|jwt| member(jwt, "claims"));
        Self(claims.and_then(|claims| serde_json::from_str(claims.get()).ok()).unwrap_or_default())
    }

    /// The claims, if there are any.
    pub(super) fn claims(&self) -> &Claims {
        &self.0
    }
}

/// A member of a JSON object. A struct with this field would also be read from a JSON array.
fn member<'a>(object: &'a RawValue, name: &str) -> Option<&'a RawValue> {
    serde_json::from_str::<HashMap<String, &RawValue>>(object.get()).ok()?.remove(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(json: &str) -> Option<String> {
        Authorizer::read(serde_json::from_str(json).unwrap()).claims().subject()
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
            r#"{"jwt": {"claims": ["ann"]}}"#,
            r#"{"jwt": [{"sub": "ann"}]}"#,
            r#"[{"claims": {"sub": "ann"}}]"#,
            r#"{"lambda": {"sub": "eve"}}"#,
        ] {
            assert_eq!(subject(none), None, "{none}");
        }
    }
}
