//! Identifies the caller by the `sub` of a verified JSON Web Token, and by nothing else.
//!
//! In AWS, API Gateway's JWT authorizer verifies the token and its scopes, and passes on its claims. If no
//! authorizer ran and a key set is configured, the token is verified here. There is no other way in, and no
//! setting turns verification off.

mod authorizer;
mod claims;
mod crypto;
mod jwks;
mod jwks_rules;
mod scope;

pub(crate) use authorizer::Authorizer;
pub use scope::{Scope, Scopes};

use crate::model::UserId;
use http::header::AUTHORIZATION;
use jwks::Jwks;

/// Identifies the caller of an event.
pub struct Authenticator {
    jwks: Option<(Jwks, Scopes)>,
}

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It has no valid token.
    Unauthorized,
    /// Its token lacks the scope that the operation requires.
    InsufficientScope,
}

impl Authenticator {
    /// Trusts only the gateway's authorizer.
    pub fn gateway() -> Self {
        Self { jwks: None }
    }

    /// Also trusts tokens signed by a key of `jwks`, a JSON Web Key Set (RFC 7517) of public keys, if no
    /// authorizer ran. Tokens must have this `iss` and `aud`, and the operation's scope.
    ///
    /// # Errors
    /// When `jwks` is malformed or empty, or contains a key that must not or cannot verify tokens.
    pub fn with_jwks(jwks: &str, issuer: &str, audience: &str, scopes: Scopes) -> Result<Self, String> {
        Ok(Self { jwks: Some((Jwks::parse(jwks, issuer, audience)?, scopes)) })
    }

    /// Reads `AUTH_JWKS`, an inline JSON Web Key Set. It must be unset where a gateway verifies tokens. If
    /// it is set, these are required: `AUTH_ISSUER` and `AUTH_AUDIENCE`, the `iss` and `aud` of valid tokens,
    /// and `AUTH_READ_SCOPE` and `AUTH_WRITE_SCOPE`, the scopes that operations require.
    ///
    /// # Errors
    /// When a variable is missing, empty or malformed.
    pub fn from_env() -> Result<Self, String> {
        let Ok(jwks) = std::env::var("AUTH_JWKS") else { return Ok(Self::gateway()) };
        let required = |name: &str| {
            let value = std::env::var(name).ok().filter(|value| !value.is_empty());
            value.ok_or_else(|| format!("{name} is not set: set it together with AUTH_JWKS"))
        };
        let (issuer, audience) = (required("AUTH_ISSUER")?, required("AUTH_AUDIENCE")?);
        let scopes = Scopes { read: required("AUTH_READ_SCOPE")?, write: required("AUTH_WRITE_SCOPE")? };
        if [&scopes.read, &scopes.write].iter().any(|scope| scope.contains(char::is_whitespace)) {
            return Err(
                "AUTH_READ_SCOPE and AUTH_WRITE_SCOPE must each be one scope, without spaces".to_owned()
            );
        }
        Self::with_jwks(&jwks, &issuer, &audience, scopes).map_err(|error| format!("AUTH_JWKS: {error}"))
    }

    /// The verified caller of an operation that requires `scope`. The gateway has checked the scopes of the
    /// claims that it passes on.
    pub(crate) fn authenticate(&self, event: &lambda_http::Request, scope: Scope) -> Result<UserId, Refusal> {
        let user = |subject: &str| UserId::parse(subject).map_err(|_| Refusal::Unauthorized);
        if let Some(authorizer) = event.extensions().get::<Authorizer>() {
            // If it passed on no subject, the token is not verified again.
            return user(authorizer.subject().unwrap_or_default());
        }
        let (jwks, scopes) = self.jwks.as_ref().ok_or(Refusal::Unauthorized)?;
        let token = bearer_token(event).and_then(|token| jwks.verify(token)).ok_or(Refusal::Unauthorized)?;
        let caller = user(&token.sub)?;
        if token.has_scope(scopes.name_of(scope)) { Ok(caller) } else { Err(Refusal::InsufficientScope) }
    }
}

/// The token in the Authorization header (RFC 6750 §2.1). The scheme is case-insensitive (RFC 9110
/// §11.1). If the header is repeated, none counts: choosing one would be a guess.
fn bearer_token(event: &lambda_http::Request) -> Option<&str> {
    let mut values = event.headers().get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::Event;
    use serde_json::{Value, json};

    /// An event of API Gateway's payload format 2.0.
    fn event(authorizer: Value, headers: Value) -> lambda_http::Request {
        let event = json!({
            "version": "2.0",
            "routeKey": "GET /organization/list",
            "rawPath": "/organization/list",
            "rawQueryString": "",
            "headers": headers,
            "requestContext": {
                "http": { "method": "GET", "path": "/organization/list", "protocol": "HTTP/1.1",
                          "sourceIp": "192.0.2.1", "userAgent": "test" },
                "routeKey": "GET /organization/list",
                "stage": "$default",
                "timeEpoch": 0,
                "authorizer": authorizer,
            },
            "isBase64Encoded": false,
        });
        serde_json::from_str::<Event>(&event.to_string()).unwrap().into_request().unwrap()
    }

    fn claims(claims: Value) -> lambda_http::Request {
        event(json!({ "jwt": { "claims": claims, "scopes": null } }), json!({}))
    }

    fn by_gateway(event: &lambda_http::Request) -> Result<UserId, Refusal> {
        Authenticator::gateway().authenticate(event, Scope::Write)
    }

    #[test]
    fn the_caller_is_the_subject_that_the_gateway_verified() {
        for claims in [
            json!({ "sub": "auth0|64ab", "iss": "i" }),
            json!({ "email_verified": true, "sub": "auth0|64ab", "exp": 1e300, "groups": [{ "sub": "eve" }] }),
        ] {
            assert_eq!(by_gateway(&self::claims(claims)).unwrap().as_str(), "auth0|64ab");
        }
    }

    #[test]
    fn claims_without_a_valid_subject_identify_no_caller() {
        for invalid in [
            json!(null),
            json!({}),
            json!({ "sub": "" }),
            json!({ "sub": "a b" }),
            json!({ "SUB": "ann" }),
            json!({ "sub": null }),
            json!({ "sub": 5 }),
            json!({ "sub": ["ann"] }),
        ] {
            assert_eq!(by_gateway(&claims(invalid.clone())), Err(Refusal::Unauthorized), "{invalid}");
        }
    }

    #[test]
    fn tokens_are_ignored_when_only_the_gateway_is_trusted() {
        for authorizer in [json!(null), json!({ "iam": {} }), json!({ "lambda": null })] {
            let event = event(authorizer, json!({ "authorization": "Bearer e30.e30.e30" }));
            assert_eq!(by_gateway(&event), Err(Refusal::Unauthorized));
        }
    }

    #[test]
    fn only_a_single_bearer_token_is_read() {
        let token = |value: &str| {
            let event = event(json!(null), json!({ "authorization": value }));
            bearer_token(&event).map(str::to_owned)
        };
        assert_eq!(token("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(token("bearer  abc ").as_deref(), Some("abc"));
        for none in ["", "Bearer", "abc", "Basic abc"] {
            assert_eq!(token(none), None, "{none}");
        }
        let mut two = event(json!(null), json!({ "authorization": "Bearer abc" }));
        two.headers_mut().append(AUTHORIZATION, "Bearer abc".parse().unwrap());
        assert_eq!(bearer_token(&two), None);
    }
}
