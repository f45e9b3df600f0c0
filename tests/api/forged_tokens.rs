//! Tokens that are refused for a reason other than their claims: a missing or forged signature, another
//! algorithm or key in the header, or a malformed token.

use crate::{
    stack,
    tokens::{claims, header, with},
};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
        KeyPair as _,
    },
};
use serde_json::{Value, json};

const REASON: &str = "only the issuer has the key";
const LIST: &str = "/organization/list";

/// The signed part of a token: everything before the signature.
fn message(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

fn token(message: &str, signature: impl AsRef<[u8]>) -> String {
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// A key of the attacker.
struct Attacker(EcdsaKeyPair);

impl Attacker {
    fn new(algorithm: &'static EcdsaSigningAlgorithm) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        Self(EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).expect("the key"))
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = self.0.sign(&SystemRandom::new(), message.as_bytes()).expect("a signature");
        token(&message, signature)
    }

    fn jwk(&self, kid: &str) -> Value {
        let point = self.0.public_key().as_ref();
        let [x, y] = [&point[1..33], &point[33..]].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
        json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid, "x": x, "y": y })
    }
}

async fn expect_unauthorized(token: &str, what: &str) {
    let response = stack::bearer(token).get(LIST).send().await;
    assert_eq!(response.status, 401, "{what}: {response}");
    response.expect_error(401, "unauthorized");
}

#[tokio::test]
async fn the_tokens_of_this_file_are_valid_if_signed_by_the_issuer() {
    let Some(local) = stack::local_only(REASON) else { return };
    let (header, claims) = (header(local), claims(&stack::unique("alice")));
    let signed = local.identity.sign(&header, &claims);
    let signature = signed.rsplit('.').next().expect("a signature");
    let own = format!("{}.{signature}", message(&header, &claims));
    stack::bearer(&own).get(LIST).send().await.expect(200);
}

#[tokio::test]
async fn an_unsigned_token_is_refused() {
    let Some(local) = stack::local_only(REASON) else { return };
    let (header, claims) = (header(local), claims("alice"));
    let signed = local.identity.sign(&header, &claims);
    let signature = signed.rsplit('.').next().expect("a signature");
    for alg in ["none", "None", "NONE", "nOnE", "", " none"] {
        let header = with(header.clone(), "alg", Some(json!(alg)));
        for header in [header.clone(), with(header, "kid", None)] {
            let message = message(&header, &claims);
            for token in [message.clone(), format!("{message}."), format!("{message}.{signature}")] {
                expect_unauthorized(&token, &format!("alg {alg}")).await;
            }
            // Refused even with the issuer's signature: `none` is not an accepted algorithm.
            expect_unauthorized(&local.identity.sign(&header, &claims), alg).await;
        }
    }
    expect_unauthorized(&format!("{}.", message(&header, &claims)), "no signature").await;
}

#[tokio::test]
async fn a_mac_keyed_with_the_public_key_is_refused() {
    let Some(local) = stack::local_only(REASON) else { return };
    let (claims, point, jwks) = (claims("alice"), local.identity.public_key(), local.identity.jwks());
    let jwk = &jwks["keys"][0];
    // The DER of a P-256 SubjectPublicKeyInfo up to its point (RFC 5480), then the point.
    let prefix = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
    let byte = |index: usize| u8::from_str_radix(&prefix[index..index + 2], 16).expect("hex");
    let der: Vec<u8> = (0..prefix.len()).step_by(2).map(byte).chain(point.iter().copied()).collect();
    assert_eq!((der.len(), point[0]), (91, 4), "an uncompressed point of P-256");
    let lines: Vec<String> = BASE64_STANDARD
        .encode(&der)
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", lines.join("\n"));
    let x = jwk["x"].as_str().expect("x");
    let keys: [(&str, Vec<u8>); 10] = [
        ("the point", point.to_vec()),
        ("the point without its tag", point[1..].to_vec()),
        ("the point in base64url", BASE64_URL_SAFE_NO_PAD.encode(point).into()),
        ("x", BASE64_URL_SAFE_NO_PAD.decode(x).expect("base64url")),
        ("x in base64url", x.into()),
        ("the JWK", jwk.to_string().into()),
        ("the JWK set", jwks.to_string().into()),
        ("DER", der),
        ("PEM with a newline", format!("{pem}\n").into()),
        ("PEM", pem.into()),
    ];
    for (name, key) in &keys {
        for (alg, algorithm) in [
            ("HS256", hmac::HMAC_SHA256),
            ("HS384", hmac::HMAC_SHA384),
            ("HS512", hmac::HMAC_SHA512),
            ("ES256", hmac::HMAC_SHA256),
        ] {
            let message = message(&with(header(local), "alg", Some(json!(alg))), &claims);
            let mac = hmac::sign(&hmac::Key::new(algorithm, key), message.as_bytes());
            expect_unauthorized(&token(&message, mac), &format!("{alg} with {name}")).await;
        }
    }
}

#[tokio::test]
async fn a_signature_by_another_key_is_refused_whatever_key_the_header_names() {
    let Some(local) = stack::local_only(REASON) else { return };
    let (attacker, claims) = (Attacker::new(&ECDSA_P256_SHA256_FIXED_SIGNING), claims("alice"));
    let good = header(local);
    let jwk = attacker.jwk(local.identity.kid());
    let own = |field: &str, value: Value| with(good.clone(), field, Some(value));
    for header in [
        good.clone(),
        with(good.clone(), "kid", None),
        own("kid", json!("attacker")),
        own("jwk", jwk.clone()),
        with(own("jwk", jwk.clone()), "kid", None),
        with(own("jwk", attacker.jwk("attacker")), "kid", Some(json!("attacker"))),
        own("jku", json!(format!("data:application/json,{}", json!({ "keys": [jwk] })))),
        own("jku", json!("https://attacker.example.com/jwks.json")),
        own("x5u", json!("https://attacker.example.com/certificate.pem")),
        own("x5c", json!([BASE64_STANDARD.encode(attacker.0.public_key())])),
    ] {
        let token = attacker.sign(&header, &claims);
        expect_unauthorized(&token, &header.to_string()).await;
    }
}

#[tokio::test]
async fn an_unknown_key_id_is_refused() {
    let Some(local) = stack::local_only(REASON) else { return };
    let kid = local.identity.kid();
    for kid in ["", "unknown", "../../../../dev/null", "' OR '1'='1", &format!("{kid} ")] {
        let header = with(header(local), "kid", Some(json!(kid)));
        expect_unauthorized(&local.identity.sign(&header, &claims("alice")), kid).await;
    }
}

#[tokio::test]
async fn an_algorithm_that_does_not_match_the_key_is_refused() {
    let Some(local) = stack::local_only(REASON) else { return };
    for alg in ["RS256", "PS256", "ES384", "ES512", "EdDSA", "HS256", "es256", "ES256K", "x"] {
        let header = with(header(local), "alg", Some(json!(alg)));
        expect_unauthorized(&local.identity.sign(&header, &claims("alice")), alg).await;
    }
    for alg in [None, Some(json!(null)), Some(json!(["ES256"]))] {
        let header = with(header(local), "alg", alg);
        let what = header.to_string();
        expect_unauthorized(&local.identity.sign(&header, &claims("alice")), &what).await;
    }
}

#[tokio::test]
async fn a_signature_of_other_claims_or_in_another_encoding_is_refused() {
    let Some(local) = stack::local_only(REASON) else { return };
    let good = local.identity.sign(&header(local), &claims("bob"));
    let parts: Vec<&str> = good.split('.').collect();
    let [head, _, signature] = parts[..] else { panic!("{good}") };
    let raw = BASE64_URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    let own = message(&header(local), &claims("alice"));
    let mut flipped = raw.clone();
    flipped[40] ^= 1;
    let asn1 = Attacker::new(&ECDSA_P256_SHA256_ASN1_SIGNING);
    let message = good.rsplit_once('.').expect("a signature").0;
    for (what, forged) in [
        ("other claims", format!("{own}.{signature}")),
        ("no claims", format!("{head}..{signature}")),
        ("a flipped bit", token(message, &flipped)),
        ("a signature cut short", token(message, &raw[..63])),
        ("a signature too long", token(message, [&raw[..], &[0]].concat())),
        ("zeros", token(message, [0; 64])),
        ("ones", token(message, [0xff; 64])),
        ("another key in ASN.1", asn1.sign(&header(local), &claims("alice"))),
        ("a fourth part", format!("{good}.{signature}")),
        ("padding", format!("{good}==")),
        ("a space inside", good.replacen('.', " .", 1)),
    ] {
        expect_unauthorized(&forged, what).await;
    }
}

#[tokio::test]
async fn a_malformed_token_is_refused() {
    let garbage = ["garbage", ".", "..", "...", "a.b.c", "e30.e30.e30", "null", "{}", "%00", "-"];
    for token in garbage {
        expect_unauthorized(token, token).await;
    }
    let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    for part in ["null", "[]", "5", "\"ES256\"", "{", "{\"alg\":\"ES256\"}"] {
        let token = format!("{}.{}.{}", encode(part), encode(part), encode(part));
        expect_unauthorized(&token, part).await;
    }
    expect_unauthorized(&"a".repeat(7_000), "7,000 letters").await;
    let deep = "[".repeat(4_000);
    expect_unauthorized(&format!("{}.{}.AAAA", encode(&deep[..2_000]), encode(&deep[..2_000])), "deep").await;
}
