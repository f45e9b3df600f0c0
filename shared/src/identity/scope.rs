use serde_json::Value;

/// The scope that an operation requires of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The scope in template.yaml's parameter `ReadScope`.
    Read,
    /// The scope in template.yaml's parameter `WriteScope`.
    Write,
    /// The scope in template.yaml's parameter `ServiceScope`. It makes a caller a service, and also suffices for
    /// all other operations.
    Service,
}

/// The names of the scopes.
#[derive(Debug, Clone)]
pub struct Scopes {
    /// The name of [`Scope::Read`].
    pub read: String,
    /// The name of [`Scope::Write`].
    pub write: String,
    /// The name of [`Scope::Service`].
    pub service: String,
}

impl Scopes {
    pub(super) fn name_of(&self, scope: Scope) -> &str {
        match scope {
            Scope::Read => &self.read,
            Scope::Write => &self.write,
            Scope::Service => &self.service,
        }
    }
}

/// True if a claim contains a scope: a string of scopes separated by spaces (RFC 8693 §4.2), or a list of
/// strings, as some issuers send. API Gateway passes on such a list as the text `[a b]`.
pub(super) fn contains(claim: &Value, scope: &str) -> bool {
    match claim {
        Value::String(scopes) => {
            let list = scopes.strip_prefix('[').and_then(|scopes| scopes.strip_suffix(']'));
            list.unwrap_or(scopes).split(' ').any(|each| each == scope)
        }
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
        for claim in [
            json!("read"),
            json!("openid read"),
            json!("read write"),
            json!(["x", "read"]),
            json!("[x read]"),
        ] {
            assert!(contains(&claim, "read"), "{claim}");
        }
        for claim in [
            json!(null),
            json!(""),
            json!("reader"),
            json!("[read"),
            json!("read]"),
            json!("[[read]]"),
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
