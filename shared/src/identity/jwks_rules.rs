//! What a key of the key set must be. A key that breaks a rule is refused at startup: a weak key would let
//! others sign tokens, and a malformed one would verify none.

use jsonwebtoken::jwk::{AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, KeyAlgorithm};
use jsonwebtoken::jwk::{KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::rand::SystemRandom;
use serde_json::{Map, Value};

/// The members that only private and symmetric keys have (RFC 7518 §6.2.2, §6.3.2, §6.4.1; RFC 8037 §2).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The encodings of y of all Ed25519 points whose order divides 8, without the sign of x. Signatures
/// for such a key can be forged. The last two are 0 and 1 again, plus the field's prime.
const SMALL_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    point(1, 0, 0),
    point(0xec, 0xff, 0x7f),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    point(0xed, 0xff, 0x7f),
    point(0xee, 0xff, 0x7f),
];

const fn point(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    bytes[0] = first;
    bytes[31] = last;
    bytes
}

/// The algorithm and the key of one member of a set.
pub(super) fn accept(members: Map<String, Value>) -> Result<(Jwk, Algorithm, DecodingKey), String> {
    if let Some(private) = PRIVATE.iter().find(|name| members.contains_key(**name)) {
        return Err(format!(
            "the set must contain public keys only; remove its member `{private}`, and replace the key pair"
        ));
    }
    let jwk: Jwk = serde_json::from_value(members.into()).map_err(|error| error.to_string())?;
    let algorithm = algorithm(&jwk)?;
    fits(&jwk.common, algorithm)?;
    let key = DecodingKey::from_jwk(&jwk).map_err(|error| error.to_string())?;
    is_strong(algorithm, &key)?;
    Ok((jwk, algorithm, key))
}

fn algorithm(jwk: &Jwk) -> Result<Algorithm, String> {
    match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Ok(Algorithm::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Ok(Algorithm::ES256),
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => Ok(Algorithm::EdDSA),
        _ => Err("only RSA, P-256 and Ed25519 keys are supported".to_owned()),
    }
}

/// A key that says what it is for must be for signatures of this algorithm (RFC 7517 §4.2–4.4).
fn fits(common: &CommonParameters, algorithm: Algorithm) -> Result<(), String> {
    if !matches!(common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return Err("its `use` must be sig".to_owned());
    }
    if common.key_operations.as_ref().is_some_and(|uses| !uses.contains(&KeyOperations::Verify)) {
        return Err("its `key_ops` must contain verify".to_owned());
    }
    if common.key_algorithm.is_some_and(|given| given != KeyAlgorithm::from(algorithm)) {
        return Err(format!("its `alg` must be {algorithm:?}"));
    }
    Ok(())
}

fn is_strong(algorithm: Algorithm, key: &DecodingKey) -> Result<(), String> {
    match (algorithm, key.kind()) {
        (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) if is_rsa(n, e) => Ok(()),
        (Algorithm::RS256, _) => Err(
            "an RSA key must have an odd modulus of 2048 to 8192 bits and an odd exponent from 3 to 2^33 - 1"
                .to_owned(),
        ),
        (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) if is_on_p256(point) => Ok(()),
        (Algorithm::ES256, _) => Err("its `x` and `y` are not a point of P-256".to_owned()),
        (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(point)) if has_large_order(point) => Ok(()),
        _ => Err("its `x` must be 32 bytes and not a point of small order".to_owned()),
    }
}

/// The limits of ring, which are at least those of RFC 7518 §3.3. ring applies them only to signatures.
fn is_rsa(n: &[u8], e: &[u8]) -> bool {
    let bits = |bytes: &[u8]| match bytes {
        [] | [0, ..] => 0,
        [first, rest @ ..] => 8 - first.leading_zeros() as usize + 8 * rest.len(),
    };
    let is_odd = |bytes: &[u8]| bytes.last().is_some_and(|byte| byte % 2 == 1);
    (2048..=8192).contains(&bits(n)) && is_odd(n) && (2..=33).contains(&bits(e)) && is_odd(e)
}

/// ring checks points only when it uses them. A key agreement uses nothing else of the point.
fn is_on_p256(point: &[u8]) -> bool {
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new());
    let agreed = own.and_then(|own| agree_ephemeral(own, &UnparsedPublicKey::new(&ECDH_P256, point), |_| ()));
    agreed.is_ok()
}

/// ring has no check that a point is on the curve. No signature is valid for one that is not.
fn has_large_order(point: &[u8]) -> bool {
    let Ok(mut y) = <[u8; 32]>::try_from(point) else { return false };
    y[31] &= 0x7f;
    !SMALL_ORDER.contains(&y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
    use serde_json::json;

    fn rsa(bits: usize, e: &str) -> Value {
        let mut n = vec![0xff; bits.div_ceil(8)];
        n[0] = 0xff >> (n.len() * 8 - bits);
        json!({ "kty": "RSA", "n": BASE64.encode(n), "e": e })
    }

    fn p256() -> Value {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        json!({ "kty": "EC", "crv": "P-256", "x": BASE64.encode(x), "y": BASE64.encode(y) })
    }

    fn ed25519(point: [u8; 32]) -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "x": BASE64.encode(point) })
    }

    fn good() -> [Value; 3] {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        [rsa(2048, "AQAB"), p256(), ed25519(pair.public_key().as_ref().try_into().unwrap())]
    }

    /// The key with a member added or replaced.
    fn with(mut key: Value, name: &str, value: Value) -> Value {
        key[name] = value;
        key
    }

    #[track_caller]
    fn refused(key: Value, because: &str) {
        let Value::Object(members) = key.clone() else { panic!("{key}") };
        let error = accept(members).err().unwrap_or_else(|| panic!("accepted: {key}"));
        assert!(error.contains(because), "{error}: {key}");
    }

    #[track_caller]
    fn accepted(key: Value) {
        let Value::Object(members) = key else { panic!("{key}") };
        accept(members).unwrap();
    }

    #[test]
    fn strong_public_keys_are_accepted() {
        for (key, alg) in good().into_iter().zip(["RS256", "ES256", "EdDSA"]) {
            accepted(key.clone());
            accepted(with(key.clone(), "use", json!("sig")));
            accepted(with(key.clone(), "key_ops", json!(["verify"])));
            accepted(with(with(key, "alg", json!(alg)), "kid", json!("k")));
        }
        accepted(rsa(4096, "Aw"));
        accepted(rsa(8192, "AQAB"));
    }

    #[test]
    fn rsa_keys_with_a_short_or_even_modulus_or_a_bad_exponent_are_refused() {
        for key in [
            rsa(2047, "AQAB"),
            rsa(1024, "AQAB"),
            rsa(8, "AQAB"),
            rsa(8193, "AQAB"),
            rsa(2048, "AQ"),
            rsa(2048, "Ag"),
            rsa(2048, "AQAA"),
            rsa(2048, ""),
            rsa(2048, "_____w8"),
            with(rsa(2048, "AQAB"), "n", json!(BASE64.encode([0xfe; 256]))),
            with(rsa(2048, "AQAB"), "n", json!(BASE64.encode([vec![0], vec![0xff; 256]].concat()))),
            with(rsa(2048, "AQAB"), "n", json!("")),
        ] {
            refused(key, "2048 to 8192 bits");
        }
    }

    #[test]
    fn points_off_the_curve_are_refused() {
        let zero = BASE64.encode([0; 32]);
        for (name, value) in
            [("y", &zero), ("x", &zero), ("x", &BASE64.encode([0xff; 32])), ("x", &"AA".to_owned())]
        {
            refused(with(p256(), name, json!(value)), "not a point of P-256");
        }
        let swapped = p256();
        let (x, y) = (swapped["x"].clone(), swapped["y"].clone());
        refused(with(with(swapped, "x", y), "y", x), "not a point of P-256");
    }

    #[test]
    fn ed25519_points_of_small_order_are_refused() {
        for mut point in SMALL_ORDER {
            refused(ed25519(point), "small order");
            point[31] |= 0x80;
            refused(ed25519(point), "small order");
        }
        refused(with(ed25519([9; 32]), "x", json!(BASE64.encode([9; 31]))), "32 bytes");
    }

    #[test]
    fn private_and_symmetric_keys_are_refused() {
        for key in good() {
            for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
                refused(with(key.clone(), name, json!("AA")), "public keys only");
            }
        }
        refused(json!({ "kty": "oct", "k": "c2VjcmV0" }), "public keys only");
    }

    #[test]
    fn keys_for_other_uses_or_algorithms_are_refused() {
        for (key, other) in good().into_iter().zip(["PS256", "ES384", "ES256"]) {
            refused(with(key.clone(), "use", json!("enc")), "`use`");
            refused(with(key.clone(), "key_ops", json!(["encrypt"])), "`key_ops`");
            for alg in [other, "none", "HS256", "RSA-OAEP"] {
                refused(with(key.clone(), "alg", json!(alg)), "`alg` must be");
            }
        }
        refused(json!({ "kty": "EC", "crv": "P-384", "x": "AA", "y": "AA" }), "only RSA");
        refused(json!({ "kty": "OKP", "crv": "X25519", "x": "AA" }), "only RSA");
    }
}
