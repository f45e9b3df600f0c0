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

use crate::model::{Caller, UserId};
use crate::settings::text;
use http::header::AUTHORIZATION;
use jwks::Jwks;

/// Identifies the caller of an event.
pub struct Authenticator {
    /// The scopes. Where the gateway verifies tokens, only that of services is used.
    scopes: Scopes,
    jwks: Option<Jwks>,
    /// The claim with a user's e-mail address, if invitations to an address can be accepted only with it.
    email_claim: Option<String>,
}

/// Whom a request comes from.
pub(crate) struct Identity {
    pub(crate) caller: Caller,
    /// `None` if invitations do not need the user's address.
    pub(crate) email: Option<VerifiedEmail>,
}

/// The address that a token proves, if it proves one, as the issuer spells it.
pub(crate) struct VerifiedEmail(pub(crate) Option<String>);

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It has no valid token.
    Unauthorized,
    /// Its token lacks the scope that the operation requires.
    InsufficientScope,
}

impl Authenticator {
    /// Trusts only the gateway's authorizer. A token with the scope `service` is a service's.
    pub fn gateway(service: &str) -> Self {
        let scopes = Scopes { read: String::new(), write: String::new(), service: service.to_owned() };
        Self { scopes, jwks: None, email_claim: None }
    }

    /// Also trusts tokens signed by a key of `jwks`, a JSON Web Key Set (RFC 7517) of public keys, if no
    /// authorizer ran. Tokens must have this `iss` and `aud`, and the operation's scope.
    ///
    /// # Errors
    /// When `jwks` is malformed or empty, or contains a key that must not or cannot verify tokens.
    pub fn with_jwks(jwks: &str, issuer: &str, audience: &str, scopes: Scopes) -> Result<Self, String> {
        Ok(Self { scopes, jwks: Some(Jwks::parse(jwks, issuer, audience)?), email_claim: None })
    }

    /// The same, where an invitation to an address can be accepted only by a token with this claim.
    #[must_use]
    pub fn with_email_claim(self, claim: Option<String>) -> Self {
        Self { email_claim: claim, ..self }
    }

    /// Reads these variables:
    /// - `AUTH_SERVICE_SCOPE`: the scope of services.
    /// - `AUTH_JWKS`, an inline JSON Web Key Set. It must be unset where a gateway verifies tokens. If it is set,
    ///   these are required: `AUTH_ISSUER` and `AUTH_AUDIENCE`, the `iss` and `aud` of valid tokens, and
    ///   `AUTH_READ_SCOPE` and `AUTH_WRITE_SCOPE`, the scopes that operations require.
    /// - `INVITEE_EMAIL_CLAIM`, the claim with a user's address; if it is unset or empty, any user can accept an
    ///   invitation to an address.
    ///
    /// # Errors
    /// When a variable is missing, empty or malformed.
    pub fn from_env() -> Result<Self, String> {
        let scope = |name: &str| match required(name)? {
            scope if scope.contains(char::is_whitespace) => {
                Err(format!("{name} must be one scope, without spaces"))
            }
            scope => Ok(scope),
        };
        let service = scope("AUTH_SERVICE_SCOPE")?;
        let authenticator = match std::env::var("AUTH_JWKS") {
            Err(_) => Self::gateway(&service),
            Ok(jwks) => {
                let (issuer, audience) = (required("AUTH_ISSUER")?, required("AUTH_AUDIENCE")?);
                let (read, write) = (scope("AUTH_READ_SCOPE")?, scope("AUTH_WRITE_SCOPE")?);
                if [&read, &write].contains(&&service) {
                    return Err("AUTH_SERVICE_SCOPE must not be a scope that users have".to_owned());
                }
                Self::with_jwks(&jwks, &issuer, &audience, Scopes { read, write, service })
                    .map_err(|error| format!("AUTH_JWKS: {error}"))?
            }
        };
        Ok(authenticator.with_email_claim(text("INVITEE_EMAIL_CLAIM")))
    }

    /// The verified caller of an operation that requires `scope`.
    pub(crate) fn authenticate(
        &self,
        event: &lambda_http::Request,
        scope: Scope,
    ) -> Result<Identity, Refusal> {
        let verified;
        let (claims, by_gateway) = match (event.extensions().get::<Authorizer>(), &self.jwks) {
            // If it passed on no claims, the token is not verified again.
            (Some(authorizer), _) => (authorizer.claims(), true),
            (None, Some(jwks)) => {
                let token = bearer_token(event).ok_or(Refusal::Unauthorized)?;
                verified = jwks.verify(token).ok_or(Refusal::Unauthorized)?;
                (&verified, false)
            }
            (None, None) => return Err(Refusal::Unauthorized),
        };
        let subject = claims.subject().unwrap_or_default();
        let subject = UserId::parse(&subject).map_err(|_| Refusal::Unauthorized)?;
        let is_service = claims.has_scope(&self.scopes.service);
        // The gateway has checked the other scopes.
        let may = match scope {
            Scope::Service => is_service,
            Scope::Read | Scope::Write => {
                by_gateway || is_service || claims.has_scope(self.scopes.name_of(scope))
            }
        };
        if !may {
            return Err(Refusal::InsufficientScope);
        }
        let caller = if is_service { Caller::Service(subject) } else { Caller::User(subject) };
        let email = self.email_claim.as_ref().map(|claim| VerifiedEmail(claims.verified_email(claim)));
        Ok(Identity { caller, email })
    }
}

fn required(name: &str) -> Result<String, String> {
    text(name).ok_or_else(|| match name {
        "AUTH_SERVICE_SCOPE" => format!("{name} is not set: set it to the scope of services"),
        _ => format!("{name} is not set: set it together with AUTH_JWKS"),
    })
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

    fn by_gateway(event: &lambda_http::Request) -> Result<Caller, Refusal> {
        caller(event, Scope::Write)
    }

    fn caller(event: &lambda_http::Request, scope: Scope) -> Result<Caller, Refusal> {
        Authenticator::gateway("service").authenticate(event, scope).map(|identity| identity.caller)
    }

    #[test]
    fn a_token_with_the_services_scope_is_a_services() {
        let billing = Caller::Service(UserId::parse("billing").unwrap());
        for (name, scope) in
            [("scope", json!("read service")), ("scp", json!("[service]")), ("scope", json!(["service"]))]
        {
            let event = claims(json!({ "sub": "billing", name: scope }));
            for scope in [Scope::Read, Scope::Write, Scope::Service] {
                assert_eq!(caller(&event, scope), Ok(billing.clone()), "{name} {scope:?}");
            }
        }
        for scope in [json!(null), json!("read services"), json!("")] {
            let event = claims(json!({ "sub": "billing", "scope": scope }));
            assert!(matches!(caller(&event, Scope::Write), Ok(Caller::User(_))), "{scope}");
            assert_eq!(caller(&event, Scope::Service), Err(Refusal::InsufficientScope), "{scope}");
        }
        let unnamed = claims(json!({ "scope": "service" }));
        assert_eq!(caller(&unnamed, Scope::Service), Err(Refusal::Unauthorized));
    }

    #[test]
    fn the_caller_is_the_subject_that_the_gateway_verified() {
        for claims in [
            json!({ "sub": "auth0|64ab", "iss": "i" }),
            json!({ "email_verified": true, "sub": "auth0|64ab", "exp": 1e300, "groups": [{ "sub": "eve" }] }),
        ] {
            assert_eq!(by_gateway(&self::claims(claims)).unwrap().to_string(), "auth0|64ab");
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
