//! Who the caller is: the `sub` of a verified JSON Web Token, and nothing else.
//!
//! Deployed, API Gateway's JWT authorizer has verified the token and hands over its claims. Where
//! no authorizer ran and a key set is configured, the token is verified here. There is no third
//! way, and no switch that turns verification off.

mod jwks;
mod ring;

use crate::error::Error;
use crate::model::UserId;
use http::header::AUTHORIZATION;
use jwks::Jwks;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;

/// Finds out who sent an event.
pub struct Authenticator {
    jwks: Option<Jwks>,
}

impl Authenticator {
    /// Trusts the gateway's authorizer alone.
    pub fn gateway() -> Self {
        Self { jwks: None }
    }

    /// Also trusts tokens signed by `jwks`, a JSON Web Key Set (RFC 7517) with public keys, for
    /// events that come without an authorizer's claims.
    ///
    /// # Errors
    /// When the set is not one, or holds a key of another kind than RSA, P-256 or Ed25519.
    pub fn with_jwks(jwks: &str, issuer: &str, audience: &str) -> Result<Self, String> {
        Ok(Self { jwks: Some(Jwks::parse(jwks, issuer, audience)?) })
    }

    /// Reads `AUTH_JWKS` (a JSON Web Key Set, inline; unset where a gateway verifies tokens),
    /// `AUTH_ISSUER` and `AUTH_AUDIENCE` (what `iss` and `aud` must be; required with a key set).
    ///
    /// # Errors
    /// When a variable is missing or malformed.
    pub fn from_env() -> Result<Self, String> {
        let Ok(jwks) = std::env::var("AUTH_JWKS") else { return Ok(Self::gateway()) };
        let required = |name: &str| {
            std::env::var(name).map_err(|_| format!("{name} is not set: it is required with AUTH_JWKS"))
        };
        Self::with_jwks(&jwks, &required("AUTH_ISSUER")?, &required("AUTH_AUDIENCE")?)
            .map_err(|error| format!("AUTH_JWKS: {error}"))
    }

    pub(crate) fn authenticate(&self, event: &lambda_http::Request) -> Result<UserId, Error> {
        let subject = match authorizer_subject(event) {
            Some(subject) => subject,
            None => self.verified_subject(event)?,
        };
        UserId::parse(&subject).map_err(|_| Error::Unauthorized)
    }

    fn verified_subject(&self, event: &lambda_http::Request) -> Result<String, Error> {
        let jwks = self.jwks.as_ref().ok_or(Error::Unauthorized)?;
        let token = bearer_token(event).ok_or(Error::Unauthorized)?;
        jwks.verify(token).ok_or(Error::Unauthorized)
    }
}

/// The `sub` that the gateway's JWT authorizer verified. An authorizer that ran without giving
/// one gives an empty subject, which is nobody: the token is not looked at a second time.
fn authorizer_subject(event: &lambda_http::Request) -> Option<String> {
    match event.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => {
            let jwt = context.authorizer.as_ref()?.jwt.as_ref();
            Some(jwt.and_then(|jwt| jwt.claims.get("sub").cloned()).unwrap_or_default())
        }
        _ => None,
    }
}

/// RFC 6750 §2.1; the scheme is case-insensitive (RFC 9110 §11.1). Two headers are no token:
/// which of them counts would be a guess.
fn bearer_token(event: &lambda_http::Request) -> Option<&str> {
    let mut values = event.headers().get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
