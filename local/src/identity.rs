//! The identity provider of the local stack: signs tokens, and publishes the key that verifies them.

use crate::{Error, data_dir};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom as _, SystemRandom},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};
use std::{
    fs::{self, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// `iss` of the local tokens. The top-level domain `invalid` never resolves (RFC 2606).
pub const ISSUER: &str = "https://local.invalid/";

/// `aud` of the local tokens.
pub const AUDIENCE: &str = "organizations-api-local";

/// `scope` of the local tokens: the default values of template.yaml's parameters `ReadScope`, `WriteScope` and
/// `ServiceScope`.
pub const READ_SCOPE: &str = "organizations/read";

/// See [`READ_SCOPE`].
pub const WRITE_SCOPE: &str = "organizations/write";

/// See [`READ_SCOPE`].
pub const SERVICE_SCOPE: &str = "organizations/service";

/// How long a token is valid unless the user says otherwise.
pub const TOKEN_LIFETIME: Duration = Duration::from_hours(8);

/// A P-256 key pair generated on this machine.
#[derive(Debug)]
pub struct Identity {
    key: EcdsaKeyPair,
    kid: String,
}

impl Identity {
    /// Reads the key pair in the data directory, and generates it at first use. Concurrent processes get
    /// the same key pair.
    ///
    /// # Errors
    /// If the directory is not writable, or the key is unreadable.
    pub fn load_or_create(data_dir: &Path) -> Result<Self, Error> {
        data_dir::create(data_dir)?;
        let path = data_dir.join("signing-key.p8");
        if !path.exists() {
            create_key(&path)?;
        }
        let mut pkcs8 = Vec::new();
        data_dir::open(&path, OpenOptions::new().read(true))?
            .read_to_end(&mut pkcs8)
            .map_err(Error::file("read", &path))?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &SystemRandom::new())
            .map_err(|_| Error::SigningKey(path))?;
        let kid = thumbprint(key.public_key().as_ref());
        Ok(Self { key, kid })
    }

    /// An access token for a user, with the scopes for reading and writing, valid from now on.
    pub fn token(&self, user: &str, lifetime: Duration) -> String {
        self.token_with_scopes(user, &format!("{READ_SCOPE} {WRITE_SCOPE}"), lifetime)
    }

    /// An access token for a service, valid from now on.
    pub fn service_token(&self, service: &str, lifetime: Duration) -> String {
        self.token_with_scopes(service, SERVICE_SCOPE, lifetime)
    }

    /// An access token for a user with these scopes, separated by spaces, valid from now on.
    pub fn token_with_scopes(&self, user: &str, scopes: &str, lifetime: Duration) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let claims = json!({
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user,
            "scope": scopes,
            "iat": now.as_secs(),
            "nbf": now.as_secs(),
            "exp": now.saturating_add(lifetime).as_secs(),
        });
        self.sign(&json!({ "alg": "ES256", "typ": "JWT", "kid": self.kid }), &claims)
    }

    /// A JSON Web Token with any header and claims, always signed with ES256. Tests forge tokens with it.
    #[expect(clippy::expect_used, reason = "fails only if the operating system has no randomness")]
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let [header, claims] = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
        let input = format!("{header}.{claims}");
        let signature = self.key.sign(&SystemRandom::new(), input.as_bytes()).expect("random bytes");
        format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    /// The key id, which is the key's thumbprint (RFC 7638).
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key as a JSON Web Key Set, the value of `AUTH_JWKS`.
    pub fn jwks(&self) -> Value {
        let [x, y] = coordinates(self.public_key());
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "sig", "alg": "ES256", "kid": self.kid }] })
    }

    /// The public key as an uncompressed point (SEC 1): the byte 4, then both coordinates.
    pub fn public_key(&self) -> &[u8] {
        self.key.public_key().as_ref()
    }
}

/// Writes a new key to a temporary file and links it to `path`. The key appears atomically, and never
/// replaces the key of another process.
fn create_key(path: &Path) -> Result<(), Error> {
    let random = SystemRandom::new();
    let pkcs8 =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(|_| Error::Random)?;
    let mut suffix = [0; 8];
    random.fill(&mut suffix).map_err(|_| Error::Random)?;
    let temporary = path.with_extension(BASE64_URL_SAFE_NO_PAD.encode(suffix));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .and_then(|mut file| file.write_all(pkcs8.as_ref()).and_then(|()| file.sync_all()));
    let linked = written.and_then(|()| match fs::hard_link(&temporary, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        result => result,
    });
    let _ = fs::remove_file(&temporary);
    linked.map_err(Error::file("write", path))
}

fn thumbprint(public_key: &[u8]) -> String {
    let [x, y] = coordinates(public_key);
    // RFC 7638 §3: required members only, sorted by name, no spaces.
    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
}

fn coordinates(public_key: &[u8]) -> [String; 2] {
    let point = public_key.get(1..).unwrap_or_default();
    let (x, y) = point.split_at(point.len() / 2);
    [x, y].map(|coordinate| BASE64_URL_SAFE_NO_PAD.encode(coordinate))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::test_dir;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use std::{os::unix::fs::PermissionsExt as _, thread};

    fn decode(part: &str) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()
    }

    #[test]
    fn a_token_verifies_with_the_published_key() {
        let identity = Identity::load_or_create(&test_dir("token")).unwrap();
        let token = identity.token("auth0|64ab", Duration::from_secs(60));
        let (input, signature) = token.rsplit_once('.').unwrap();
        let key = &identity.jwks()["keys"][0];
        let point =
            [vec![4], decode(key["x"].as_str().unwrap()), decode(key["y"].as_str().unwrap())].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(input.as_bytes(), &decode(signature))
            .unwrap();

        let (header, claims) = input.split_once('.').unwrap();
        let header: Value = serde_json::from_slice(&decode(header)).unwrap();
        assert_eq!(header, json!({ "alg": "ES256", "typ": "JWT", "kid": key["kid"] }));
        let claims: Value = serde_json::from_slice(&decode(claims)).unwrap();
        assert_eq!(claims["sub"], "auth0|64ab");
        assert_eq!(claims["iss"], ISSUER);
        assert_eq!(claims["aud"], AUDIENCE);
        assert_eq!(claims["scope"], "organizations/read organizations/write");
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 60);
    }

    /// The P-256 key of RFC 7515 appendix A.3. An independent tool computed its thumbprint.
    #[test]
    fn the_key_id_is_the_thumbprint_of_rfc_7638() {
        let [x, y] =
            ["f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"];
        let point = [vec![4], decode(x), decode(y)].concat();
        assert_eq!(thumbprint(&point), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
    }

    #[test]
    fn racing_processes_agree_on_one_key() {
        let dir = test_dir("race");
        let kids: Vec<_> = thread::scope(|scope| {
            let load = || Identity::load_or_create(&dir).unwrap().kid().to_owned();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(kids.windows(2).all(|pair| pair[0] == pair[1]), "{kids:?}");
        let mut files: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        files.sort();
        assert_eq!(files, [".gitignore", "signing-key.p8"]);
    }

    #[test]
    fn the_key_is_readable_only_by_its_owner_and_survives_a_restart() {
        let dir = test_dir("key");
        let first = Identity::load_or_create(&dir).unwrap();
        let mode = fs::metadata(dir.join("signing-key.p8")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(Identity::load_or_create(&dir).unwrap().kid(), first.kid());
        assert!(!first.jwks().to_string().contains(r#""d""#));
    }

    #[test]
    fn a_broken_key_is_an_error_and_not_replaced() {
        let dir = test_dir("broken");
        fs::write(dir.join("signing-key.p8"), "?").unwrap();
        assert!(matches!(Identity::load_or_create(&dir), Err(Error::SigningKey(_))));
        assert_eq!(fs::read(dir.join("signing-key.p8")).unwrap(), b"?");
    }
}
