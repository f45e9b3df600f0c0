use serde_json::Value;

/// The scope that an operation requires of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The scope in template.yaml's parameter `ReadScope`.
    Read,
    /// The scope in template.yaml's parameter `WriteScope`.
    Write,
}

/// The names of the scopes where tokens are verified here.
#[derive(Debug, Clone)]
pub struct Scopes {
    /// The name of [`Scope::Read`].
    pub read: String,
    /// The name of [`Scope::Write`].
    pub write: String,
}

impl Scopes {
    pub(super) fn name_of(&self, scope: Scope) -> &str {
        match scope {
            Scope::Read => &self.read,
            Scope::Write => &self.write,
        }
    }
}

/// True if a claim contains a scope: a string of scopes separated by spaces (RFC 8693 §4.2), or a list of
/// strings, as some issuers send.
pub(super) fn contains(claim: &Value, scope: &str) -> bool {
    match claim {
        Value::String(scopes) => scopes.split(' ').any(|each| each == scope),
        Value::Array(scopes) => scopes.iter().any(|each| each == scope),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_claim_contains_whole_scopes_only() {
        for claim in [json!("read"), json!("openid read"), json!("read write"), json!(["x", "read"])] {
            assert!(contains(&claim, "read"), "{claim}");
        }
        for claim in [
            json!(null),
            json!(""),
            json!("reader"),
            json!("a:read"),
            json!("READ"),
            json!("read,write"),
            json!("read\twrite"),
            json!([]),
            json!(["read write"]),
            json!([["read"]]),
            json!({ "read": true }),
            json!(true),
        ] {
            assert!(!contains(&claim, "read"), "{claim}");
        }
    }
}
