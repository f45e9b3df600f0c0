//! Identifies the caller by the `sub` of a verified JSON Web Token, and by nothing else.
//!
//! In AWS, API Gateway's JWT authorizer verifies the token and passes on its claims. If no authorizer
//! ran and a key set is configured, the token is verified here. There is no other way in, and no setting
//! turns verification off.

mod crypto;
mod jwks;

use crate::model::UserId;
use http::header::AUTHORIZATION;
use jwks::Jwks;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;

/// Identifies the caller of an event.
pub struct Authenticator {
    jwks: Option<Jwks>,
}

impl Authenticator {
    /// Trusts only the gateway's authorizer.
    pub fn gateway() -> Self {
        Self { jwks: None }
    }

    /// Also trusts tokens signed by a key of `jwks`, a JSON Web Key Set (RFC 7517) of public keys, if no
    /// authorizer ran. Tokens must have this `iss` and `aud`.
    ///
    /// # Errors
    /// When `jwks` is malformed or empty, or contains a key other than RSA, P-256 or Ed25519.
    pub fn with_jwks(jwks: &str, issuer: &str, audience: &str) -> Result<Self, String> {
        Ok(Self { jwks: Some(Jwks::parse(jwks, issuer, audience)?) })
    }

    /// Reads `AUTH_JWKS`, an inline JSON Web Key Set. It must be unset where a gateway verifies tokens. If
    /// it is set, `AUTH_ISSUER` and `AUTH_AUDIENCE` are required: the `iss` and `aud` of valid tokens.
    ///
    /// # Errors
    /// When a variable is missing or malformed.
    pub fn from_env() -> Result<Self, String> {
        let Ok(jwks) = std::env::var("AUTH_JWKS") else { return Ok(Self::gateway()) };
        let required = |name: &str| {
            std::env::var(name).map_err(|_| format!("{name} is not set: set it together with AUTH_JWKS"))
        };
        Self::with_jwks(&jwks, &required("AUTH_ISSUER")?, &required("AUTH_AUDIENCE")?)
            .map_err(|error| format!("AUTH_JWKS: {error}"))
    }

    /// The verified caller, if there is one.
    pub(crate) fn authenticate(&self, event: &lambda_http::Request) -> Option<UserId> {
        let subject = authorizer_subject(event).or_else(|| self.verified_subject(event))?;
        UserId::parse(&subject).ok()
    }

    fn verified_subject(&self, event: &lambda_http::Request) -> Option<String> {
        self.jwks.as_ref()?.verify(bearer_token(event)?)
    }
}

/// The `sub` that the gateway's authorizer verified; `None` if no authorizer ran. If one ran but passed on
/// no subject, this is the empty string. It is not a valid user id, so the request is refused, and the
/// token is not verified again.
fn authorizer_subject(event: &lambda_http::Request) -> Option<String> {
    match event.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => {
            let jwt = context.authorizer.as_ref()?.jwt.as_ref();
            Some(jwt.and_then(|jwt| jwt.claims.get("sub").cloned()).unwrap_or_default())
        }
        _ => None,
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
        lambda_http::request::from_str(&event.to_string()).unwrap()
    }

    fn claims(claims: Value) -> lambda_http::Request {
        event(json!({ "jwt": { "claims": claims, "scopes": null } }), json!({}))
    }

    #[test]
    fn the_caller_is_the_subject_that_the_gateway_verified() {
        let caller =
            Authenticator::gateway().authenticate(&claims(json!({ "sub": "auth0|64ab", "iss": "i" })));
        assert_eq!(caller.unwrap().as_str(), "auth0|64ab");
    }

    #[test]
    fn claims_without_a_valid_subject_identify_no_caller() {
        for invalid in [json!({}), json!({ "sub": "" }), json!({ "sub": "a b" }), json!({ "SUB": "ann" })] {
            let refused = Authenticator::gateway().authenticate(&claims(invalid.clone()));
            assert_eq!(refused, None, "{invalid}");
        }
    }

    #[test]
    fn tokens_are_ignored_when_only_the_gateway_is_trusted() {
        for authorizer in [json!(null), json!({ "iam": {} })] {
            let event = event(authorizer, json!({ "authorization": "Bearer e30.e30.e30" }));
            assert_eq!(Authenticator::gateway().authenticate(&event), None);
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
