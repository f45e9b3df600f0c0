use super::claims::Claims;
use super::{crypto, jwks_rules};
use jsonwebtoken::{DecodingKey, Header, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Seconds of clock skew allowed for `exp` and `nbf` (RFC 7519 §4.1.4).
const LEEWAY: u64 = 30;

/// The keys that may sign tokens.
pub(super) struct Jwks(Vec<Key>);

/// A key and its algorithm. The algorithm comes from the key set, not from the token. Otherwise, a token
/// could choose another algorithm, such as HMAC with the public key as the secret (RFC 8725 §3.1).
struct Key {
    id: Option<String>,
    key: DecodingKey,
    validation: Validation,
}

/// A JSON Web Key Set (RFC 7517 §5).
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Map<String, Value>>,
}

impl Jwks {
    pub(super) fn parse(text: &str, issuer: &str, audience: &str) -> Result<Self, String> {
        crypto::install();
        let set: KeySet =
            serde_json::from_str(text).map_err(|error| format!("not a JSON Web Key Set: {error}"))?;
        let key = |(index, members): (usize, Map<String, Value>)| {
            let (jwk, algorithm, key) = jwks_rules::accept(members)
                .map_err(|error| format!("key {} of the set is refused: {error}", index + 1))?;
            let mut validation = Validation::new(algorithm);
            validation.leeway = LEEWAY;
            validation.validate_nbf = true;
            validation.set_issuer(&[issuer]);
            validation.set_audience(&[audience]);
            validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
            Ok(Key { id: jwk.common.key_id, key, validation })
        };
        let keys = set.keys.into_iter().enumerate().map(key).collect::<Result<Vec<_>, String>>()?;
        // Only the first of two keys with one id would ever be used.
        let ids: HashSet<_> = keys.iter().map(|key| &key.id).collect();
        let twice = ids.len() < keys.len();
        match keys {
            keys if keys.is_empty() => Err("the set contains no keys".to_owned()),
            _ if twice => Err("two keys of the set have the same kid, or none".to_owned()),
            keys => Ok(Self(keys)),
        }
    }

    /// The claims of a token, if the token passes every check.
    pub(super) fn verify(&self, token: &str) -> Option<Claims> {
        let header = decode_header(token).ok()?;
        // RFC 7515 §4.1.11: a token with an unsupported critical extension is invalid. This code supports
        // none.
        if header.crit.is_some() || !may_be_an_access_token(&header) {
            return None;
        }
        let key = self.0.iter().find(|key| key.id == header.kid)?;
        let claims = decode::<Claims>(token, &key.key, &key.validation).ok()?.claims;
        // RFC 7519 §4.1.1: the issuer is a string. `jsonwebtoken` also takes a list that contains it.
        claims.get::<String>("iss").map(|_| claims)
    }
}

/// True for a token without a type, and for the types `JWT` and `at+jwt` (RFC 9068 §2.1). Other types, such as
/// `logout+jwt`, are for other purposes (RFC 8725 §3.11). A type may omit `application/`, and its case does not
/// matter (RFC 7515 §4.1.9).
fn may_be_an_access_token(header: &Header) -> bool {
    header.typ.as_ref().is_none_or(|typ| {
        let typ = typ.to_ascii_lowercase();
        ["jwt", "at+jwt"].contains(&typ.strip_prefix("application/").unwrap_or(&typ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::crypto::verify;
    use jsonwebtoken::{Algorithm, get_current_timestamp};
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
    use serde_json::{Value, json};

    const ISSUER: &str = "https://issuer.example/";

    fn base64(bytes: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn token(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let message = format!("{}.{}", base64(header.to_string()), base64(claims.to_string()));
        format!("{message}.{}", base64(sign(message.as_bytes())))
    }

    fn claims() -> Value {
        let now = get_current_timestamp();
        json!({ "iss": ISSUER, "aud": "api", "sub": "ann", "nbf": now, "exp": now + 60 })
    }

    fn jwks(key: Value) -> Jwks {
        Jwks::parse(&json!({ "keys": [key] }).to_string(), ISSUER, "api").unwrap()
    }

    fn subject(jwks: &Jwks, token: &str) -> Option<String> {
        jwks.verify(token)?.subject()
    }

    fn ed25519() -> (Ed25519KeyPair, Jwks) {
        let pair = Ed25519KeyPair::from_pkcs8(
            Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap().as_ref(),
        );
        let pair = pair.unwrap();
        let jwks =
            jwks(json!({ "kty": "OKP", "crv": "Ed25519", "kid": "k", "x": base64(pair.public_key()) }));
        (pair, jwks)
    }

    #[test]
    fn two_keys_with_the_same_id_are_refused() {
        let key = |kid: Value| {
            let pair = Ed25519KeyPair::from_pkcs8(
                Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap().as_ref(),
            );
            let x = base64(pair.unwrap().public_key());
            let mut key = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
            key["kid"] = kid;
            key
        };
        let parse = |kids: [Value; 2]| {
            let mut keys = kids.map(key);
            // An absent id, not null.
            for key in &mut keys {
                key.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            }
            Jwks::parse(&json!({ "keys": keys }).to_string(), ISSUER, "api").map(|_| ())
        };
        assert!(parse([json!("a"), json!("b")]).is_ok() && parse([json!("a"), json!(null)]).is_ok());
        for kids in [[json!("a"), json!("a")], [json!(null), json!(null)]] {
            assert!(parse(kids).unwrap_err().contains("same kid"));
        }
    }

    #[test]
    fn an_issuer_in_a_list_is_refused() {
        let (pair, jwks) = ed25519();
        let header = json!({ "alg": "EdDSA", "kid": "k" });
        for (issuer, caller) in
            [(json!(ISSUER), Some("ann")), (json!([ISSUER]), None), (json!([ISSUER, "x"]), None)]
        {
            let mut claims = claims();
            claims["iss"] = issuer;
            let token = token(&header, &claims, |message| pair.sign(message).as_ref().to_vec());
            assert_eq!(subject(&jwks, &token).as_deref(), caller);
        }
    }

    #[test]
    fn an_ed25519_token_is_verified() {
        let (pair, jwks) = ed25519();
        let header = json!({ "alg": "EdDSA", "kid": "k" });
        let sign = |message: &[u8]| pair.sign(message).as_ref().to_vec();
        assert_eq!(subject(&jwks, &token(&header, &claims(), sign)).as_deref(), Some("ann"));

        let other = Ed25519KeyPair::from_pkcs8(
            Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap().as_ref(),
        );
        let forge = |message: &[u8]| other.as_ref().unwrap().sign(message).as_ref().to_vec();
        assert_eq!(subject(&jwks, &token(&header, &claims(), forge)), None);
    }

    #[test]
    fn a_p256_token_is_verified() {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let jwks = jwks(json!({ "kty": "EC", "crv": "P-256", "kid": "k", "x": base64(x), "y": base64(y) }));
        let sign = |message: &[u8]| pair.sign(&random, message).unwrap().as_ref().to_vec();

        let accepted = token(&json!({ "alg": "ES256", "kid": "k" }), &claims(), sign);
        assert_eq!(subject(&jwks, &accepted).as_deref(), Some("ann"));
        let relabelled = token(&json!({ "alg": "EdDSA", "kid": "k" }), &claims(), sign);
        assert_eq!(subject(&jwks, &relabelled), None);
    }

    /// The example in RFC 7515, appendix A.2. Its token expired long ago, so only the signature is valid.
    #[test]
    fn an_rsa_signature_is_verified() {
        let key = json!({ "kty": "RSA", "e": "AQAB", "n": concat!(
            "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL",
            "-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e",
            "-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9",
            "_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ") });
        let message = concat!(
            "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt",
            "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        );
        let signature = concat!(
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9",
            "uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB",
            "_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rq",
            "Vt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        );
        let jwks = jwks(key);
        let [Key { key, validation, .. }] = jwks.0.as_slice() else { panic!("expected one key") };
        assert_eq!(validation.algorithms, [Algorithm::RS256]);
        assert!(verify(signature, message.as_bytes(), key, Algorithm::RS256).unwrap());
        assert!(!verify(signature, &message.as_bytes()[1..], key, Algorithm::RS256).unwrap());
        assert_eq!(subject(&jwks, &format!("{message}.{signature}")), None, "expired");
    }

    #[test]
    fn critical_extensions_are_refused() {
        let (pair, jwks) = ed25519();
        let sign = |message: &[u8]| pair.sign(message).as_ref().to_vec();
        let header = json!({ "alg": "EdDSA", "kid": "k", "crit": ["exp"], "exp": 1 });
        assert_eq!(subject(&jwks, &token(&header, &claims(), sign)), None);
    }

    #[test]
    fn tokens_of_another_type_are_refused() {
        let (pair, jwks) = ed25519();
        let sign = |message: &[u8]| pair.sign(message).as_ref().to_vec();
        let of_type = |typ: Value| {
            let mut header = json!({ "alg": "EdDSA", "kid": "k" });
            header["typ"] = typ;
            subject(&jwks, &token(&header, &claims(), sign))
        };
        for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "Application/JWT"] {
            assert_eq!(of_type(json!(typ)).as_deref(), Some("ann"), "{typ}");
        }
        assert_eq!(of_type(json!(null)).as_deref(), Some("ann"), "none");
        for typ in ["", "logout+jwt", "dpop+jwt", "JOSE", "text/jwt", "id+jwt", "jwt "] {
            assert_eq!(of_type(json!(typ)), None, "{typ}");
        }
        assert_eq!(of_type(json!(["JWT"])), None);
    }

    #[test]
    fn clocks_may_differ_by_at_most_the_leeway() {
        let (pair, jwks) = ed25519();
        let header = json!({ "alg": "EdDSA", "kid": "k" });
        let now = get_current_timestamp();
        for (claim, time, accepted) in [
            ("exp", now - LEEWAY / 2, true),
            ("exp", now - LEEWAY * 2, false),
            ("nbf", now + LEEWAY / 2, true),
            ("nbf", now + LEEWAY * 2, false),
        ] {
            let mut claims = claims();
            claims[claim] = time.into();
            let token = token(&header, &claims, |message| pair.sign(message).as_ref().to_vec());
            assert_eq!(jwks.verify(&token).is_some(), accepted, "{claim} {time}");
        }
    }

    #[test]
    fn sets_without_usable_keys_are_refused() {
        let symmetric = json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] }).to_string();
        let p384 = json!({ "keys": [{ "kty": "EC", "crv": "P-384", "x": "AA", "y": "AA" }] }).to_string();
        for text in ["", "{}", r#"{"keys": []}"#, &symmetric, &p384] {
            assert!(Jwks::parse(text, ISSUER, "api").is_err(), "{text}");
        }
    }
}
