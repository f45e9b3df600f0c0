use super::scope::contains;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashMap;

/// The claims of a verified token. Each stays raw JSON until it is read, so that no other claim can make a
/// request fail: an issuer may add claims of any JSON type.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Claims(HashMap<String, Box<RawValue>>);

impl Claims {
    /// A claim of this type.
    pub(super) fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }

    /// The `sub` claim, if it is a string.
    pub(super) fn subject(&self) -> Option<String> {
        self.get("sub")
    }

    /// True if the token has this scope. `scp` is what some issuers call `scope`; API Gateway, too, reads both.
    pub(super) fn has_scope(&self, scope: &str) -> bool {
        ["scope", "scp"]
            .iter()
            .any(|name| self.get::<Value>(name).is_some_and(|claim| contains(&claim, scope)))
    }

    /// The user's address, the claim `name`, unless `email_verified` (OpenID Connect Core §5.1) says that it is not
    /// the user's. API Gateway passes on claims as text.
    pub(super) fn verified_email(&self, name: &str) -> Option<String> {
        let verified = match self.get::<Value>("email_verified") {
            None => !self.0.contains_key("email_verified"),
            Some(Value::Bool(verified)) => verified,
            Some(Value::String(verified)) => verified == "true",
            Some(_) => false,
        };
        self.get(name).filter(|_| verified)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(claims: &Value) -> Claims {
        serde_json::from_str(&claims.to_string()).unwrap()
    }

    #[test]
    fn scopes_are_read_from_scope_and_scp() {
        for (claim, scopes, granted) in [
            ("scope", json!("openid read"), true),
            ("scp", json!(["read"]), true),
            ("scp", json!("openid read"), true),
            ("scope", json!("write"), false),
            ("scopes", json!("read"), false),
            ("scope", json!(true), false),
        ] {
            let claims = claims(&json!({ "sub": "ann", claim: scopes }));
            assert_eq!(claims.has_scope("read"), granted, "{claim} {scopes}");
        }
    }

    #[test]
    fn an_address_counts_unless_it_is_said_not_to_be_verified() {
        for (token, counts) in [
            (json!({ "email": "bob@example.com" }), true),
            (json!({ "email": "bob@example.com", "email_verified": true }), true),
            (json!({ "email": "bob@example.com", "email_verified": "true" }), true),
            (json!({ "email": "bob@example.com", "email_verified": false }), false),
            (json!({ "email": "bob@example.com", "email_verified": "false" }), false),
            (json!({ "email": "bob@example.com", "email_verified": null }), false),
            (json!({ "email": "bob@example.com", "email_verified": 1 }), false),
            (json!({ "email": ["bob@example.com"] }), false),
            (json!({ "mail": "bob@example.com" }), false),
            (json!({}), false),
        ] {
            let email = claims(&token).verified_email("email");
            assert_eq!(email.as_deref(), counts.then_some("bob@example.com"), "{token}");
        }
    }
}
