//! Tokens. A text of two lines is the header and the claims of a correctly signed token, accepted only if
//! both are valid. Any other text is a token without a valid signature.
#![no_main]

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use fuzz::Asked;
use libfuzzer_sys::fuzz_target;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use shared::identity::{Authenticator, Scopes};
use shared::model::Caller;
use std::sync::LazyLock;
use std::time::SystemTime;

const ISSUER: &str = "https://issuer.example/";
const LEEWAY: f64 = 31.0;

static KEY: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap());
static JWKS: LazyLock<String> = LazyLock::new(|| {
    let x = BASE64.encode(KEY.public_key());
    json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x }] }).to_string()
});

fuzz_target!(|text: &str| {
    let signed = text.split_once('\n');
    let token = match signed {
        Some((header, claims)) => {
            let message = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
            format!("{message}.{}", BASE64.encode(KEY.sign(message.as_bytes())))
        }
        None => text.to_owned(),
    };
    let authorization = format!("Bearer {token}");
    let headers = vec![("authorization", authorization.as_str())];
    let asked = Asked { headers, ..Asked::default() };
    let [read, write, service] = ["read", "write", "service"].map(str::to_owned);
    let scopes = Scopes { read, write, service };
    let authenticator = Authenticator::with_jwks(&JWKS, ISSUER, "api", scopes).unwrap();
    let status = fuzz::ask(authenticator, &asked, |request| {
        let (header, claims) = signed.expect("a token without a valid signature is refused");
        let [header, claims] = [header, claims].map(|part| serde_json::from_str::<Value>(part).unwrap());
        assert_eq!((&header["alg"], &header["kid"]), (&json!("EdDSA"), &json!("k")));
        assert!(header.get("crit").is_none());
        let typ = header["typ"].as_str().unwrap_or("jwt").to_ascii_lowercase();
        assert!(typ.ends_with("jwt"), "{header}");
        let has = |scope| ["scope", "scp"].iter().any(|claim| claims[claim].to_string().contains(scope));
        match request.caller() {
            Caller::User(user) => assert!(claims["sub"] == user.as_str() && has("read"), "{claims}"),
            Caller::Service(service) => {
                assert!(claims["sub"] == service.as_str() && has("service"), "{claims}")
            }
        }
        assert!(names(&claims["iss"], ISSUER) && names(&claims["aud"], "api"), "{claims}");
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64();
        assert!(claims["exp"].as_f64().unwrap() > now - LEEWAY, "{claims}");
        assert!(claims["nbf"].as_f64().is_none_or(|from| from < now + LEEWAY), "{claims}");
        Ok(())
    });
    // 400: a header cannot contain control characters.
    assert!([200, 400, 401, 403].contains(&status), "{status}");
});

/// RFC 7519 §4.1.3: the claim is the expected value, or a list that contains it.
fn names(claim: &Value, expected: &str) -> bool {
    claim == expected || claim.as_array().is_some_and(|claims| claims.contains(&json!(expected)))
}
