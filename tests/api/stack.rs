//! The stack under test: a local one, which [`crate::host`] starts, or a deployed one.
//!
//! The local one needs no variables. A deployed one needs:
//!
//! | variable | value |
//! |---|---|
//! | `API_URL` | the API's base URL; `https` needs `--features tests/https` |
//! | `API_TOKENS` | JSON object: an access token for each of four users, `alice`, `bob`, `carol` and `dave`, and of a `service` |
//!
//! A deployed stack has only these four users and keeps data of earlier runs, so its `MaxOrganizationsPerUser`
//! must be high: a run creates some hundred organizations of one user. Its issuer never signs an invalid token.
//! Tests that need more call [`local_only`], which reports that they are skipped.

use crate::{
    client::User,
    host::{self, Local},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;
use std::{
    collections::HashMap,
    env,
    io::{Write as _, stderr},
    process,
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

static STACK: LazyLock<Result<Stack, String>> = LazyLock::new(|| match env::var("API_URL") {
    Ok(url) => deployed(url),
    Err(_) => host::local().map(|local| Stack { url: local.api_url.clone(), users: Users::Signed(local) }),
});

struct Stack {
    url: String,
    users: Users,
}

enum Users {
    /// The local stack signs tokens for any user.
    Signed(Local),
    /// Tokens by name, from `API_TOKENS`.
    Given(HashMap<String, String>),
}

fn stack() -> &'static Stack {
    STACK.as_ref().unwrap_or_else(|error| panic!("no stack to test: {error}"))
}

/// The user with this name. Locally, every call returns a new user, so that tests share nothing.
pub(crate) fn user(name: &str) -> User {
    match &stack().users {
        Users::Signed(local) => {
            let id = unique(name);
            let token = local.identity.token(&id, Duration::from_secs(3600));
            User::new(&stack().url, id, Some(&token))
        }
        Users::Given(tokens) => {
            let token = tokens.get(name).unwrap_or_else(|| panic!("API_TOKENS has no token for {name}"));
            User::new(&stack().url, subject(token), Some(token))
        }
    }
}

/// A service. Its `id` is as answers show it: `service:` and the token's `sub`.
pub(crate) fn service() -> User {
    match &stack().users {
        Users::Signed(local) => {
            let name = unique("service");
            let token = local.identity.service_token(&name, Duration::from_secs(3600));
            User::new(&stack().url, format!("service:{name}"), Some(&token))
        }
        Users::Given(tokens) => {
            let token = tokens.get("service").expect("API_TOKENS has no token of a service");
            User::new(&stack().url, format!("service:{}", subject(token)), Some(token))
        }
    }
}

/// The local caller with this `sub`, with a token that has these scopes.
pub(crate) fn with_scopes(local: &Local, sub: &str, scopes: &str) -> User {
    let token = local.identity.token_with_scopes(sub, scopes, Duration::from_secs(60));
    let is_service = scopes.split(' ').any(|scope| scope == local::SERVICE_SCOPE);
    let id = if is_service { format!("service:{sub}") } else { sub.to_owned() };
    User::new(&stack().url, id, Some(&token))
}

/// A caller without any token.
pub(crate) fn anonymous() -> User {
    User::new(&stack().url, "anonymous".to_owned(), None)
}

/// A caller with this token, valid or not.
pub(crate) fn bearer(token: &str) -> User {
    User::new(&stack().url, "bearer".to_owned(), Some(token))
}

/// A unique user id, without a token: a user who is only added and removed needs none.
pub(crate) fn unique(name: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    // Several processes may share a stack.
    format!("{name}|{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A text that earlier runs have not used either: a deployed stack keeps their data.
pub(crate) fn fresh(name: &str) -> String {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    unique(&format!("{name}{}", since_1970.as_nanos()))
}

pub(crate) fn is_local() -> bool {
    matches!(stack().users, Users::Signed(_))
}

/// The local stack. If the stack is deployed, reports that the test is skipped, and why, and returns `None`.
pub(crate) fn local_only(reason: &str) -> Option<&'static Local> {
    match &stack().users {
        Users::Signed(local) => Some(local),
        Users::Given(_) => {
            let test = thread::current().name().unwrap_or("a test").to_owned();
            report(&format!("skipped against a deployed stack: {test}: {reason}"));
            None
        }
    }
}

/// Bypasses the capture of test output, which hides the `eprintln!` of a passing test.
pub(crate) fn report(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}

fn deployed(url: String) -> Result<Stack, String> {
    if url.starts_with("https:") {
        prepare_tls()?;
    }
    let tokens = env::var("API_TOKENS").map_err(
        |_| "API_URL is set, but API_TOKENS is not: set it to a JSON object with a token for each user",
    )?;
    let tokens = serde_json::from_str(&tokens)
        .map_err(|error| format!("API_TOKENS is not a JSON object of strings: {error}"))?;
    Ok(Stack { url: url.trim_end_matches('/').to_owned(), users: Users::Given(tokens) })
}

#[cfg(feature = "https")]
fn prepare_tls() -> Result<(), String> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| "another TLS provider is installed".to_owned())
}

#[cfg(not(feature = "https"))]
fn prepare_tls() -> Result<(), String> {
    Err("for an https API_URL run with `--features tests/https`".to_owned())
}

/// The `sub` of a token, unverified: the deployed stack verifies it.
fn subject(token: &str) -> String {
    let payload = token.split('.').nth(1).expect("a JSON Web Token");
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).expect("base64url");
    let claims: Value = serde_json::from_slice(&payload).expect("claims in JSON");
    claims["sub"].as_str().expect("a sub").to_owned()
}
