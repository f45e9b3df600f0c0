use super::scope::contains;
use serde::Deserialize;
use serde_json::Value;

/// The claims of a verified token that are read. `scp` is what some issuers call `scope`; API Gateway, too,
/// reads both.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    pub(super) sub: String,
    /// Only for its type, a string (RFC 7519 §4.1.1): `jsonwebtoken`, which compares it, also takes a list that
    /// contains the issuer.
    #[serde(rename = "iss")]
    _issuer: String,
    #[serde(default)]
    scope: Value,
    #[serde(default)]
    scp: Value,
}

impl Claims {
    pub(super) fn has_scope(&self, scope: &str) -> bool {
        contains(&self.scope, scope) || contains(&self.scp, scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
            let mut claims = json!({ "sub": "ann", "iss": "issuer" });
            claims[claim] = scopes.clone();
            let claims: Claims = serde_json::from_value(claims).unwrap();
            assert_eq!(claims.has_scope("read"), granted, "{claim} {scopes}");
        }
    }
}
