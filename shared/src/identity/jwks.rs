use super::ring;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

/// Seconds by which clocks may differ; `exp` and `nbf` are given that much (RFC 7519 §4.1.4).
const LEEWAY: u64 = 30;

/// The keys that tokens may be signed with.
pub(super) struct Jwks(Vec<Key>);

/// A key verifies one algorithm only, named here and not by the token, so that a token cannot ask
/// for another, such as HMAC with the public key as its secret (RFC 8725 §3.1).
struct Key {
    id: Option<String>,
    key: DecodingKey,
    validation: Validation,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
}

impl Jwks {
    pub(super) fn parse(text: &str, issuer: &str, audience: &str) -> Result<Self, String> {
        ring::install();
        let set: JwkSet =
            serde_json::from_str(text).map_err(|error| format!("not a JSON Web Key Set: {error}"))?;
        let key = |jwk: &Jwk| {
            let mut validation = Validation::new(algorithm(jwk)?);
            validation.leeway = LEEWAY;
            validation.validate_nbf = true;
            validation.set_issuer(&[issuer]);
            validation.set_audience(&[audience]);
            validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
            let key = DecodingKey::from_jwk(jwk).map_err(|error| error.to_string())?;
            Ok(Key { id: jwk.common.key_id.clone(), key, validation })
        };
        match set.keys.iter().map(key).collect::<Result<Vec<_>, String>>()? {
            keys if keys.is_empty() => Err("the set holds no key".to_owned()),
            keys => Ok(Self(keys)),
        }
    }

    /// The subject of a token that passes every check.
    pub(super) fn verify(&self, token: &str) -> Option<String> {
        let header = decode_header(token).ok()?;
        // RFC 7515 §4.1.11: a token with an extension that is not understood is invalid, and
        // none is understood here.
        if header.crit.is_some() {
            return None;
        }
        let key = self.0.iter().find(|key| key.id == header.kid)?;
        decode::<Claims>(token, &key.key, &key.validation).ok().map(|token| token.claims.sub)
    }
}

fn algorithm(jwk: &Jwk) -> Result<Algorithm, String> {
    match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Ok(Algorithm::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Ok(Algorithm::ES256),
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Ok(Algorithm::EdDSA),
        _ => Err("only RSA, P-256 and Ed25519 keys are taken".to_owned()),
    }
}
