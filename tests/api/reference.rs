//! The ports of the API and the API reference: their own pages can use the API, and pages of other origins cannot.
//! tests/web opens such pages in a browser.

use crate::client::User;
use crate::host::Local;
use crate::stack;
use functions::Operation;
use local::Reference;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
#[cfg(target_os = "linux")]
use {rustix::process::Pid, std::fs, std::net::Ipv4Addr, std::path::Path};

const REASON: &str = "the API reference belongs to `cargo local`";

/// Serves the page for the local stack. Returns its origin.
async fn serve(local: &Local) -> String {
    let reference = Reference::listen(0).expect("a port");
    let url = reference.url();
    tokio::spawn(reference.serve(local.api_url.clone(), local.identity.clone()));
    url
}

async fn send(method: Method, url: String, headers: &[(&str, &str)]) -> reqwest::Response {
    let mut request = local::http_client().request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer")
}

/// The demo users whose tokens are in the page.
async fn users(origin: &str) -> Vec<User> {
    let page = send(Method::GET, format!("{origin}/"), &[]).await.text().await.expect("a page");
    let tokens = page.split_once(r#"id="tokens" type="application/json">"#).expect("tokens").1;
    let tokens: Value = serde_json::from_str(tokens.split('<').next().unwrap()).expect("JSON");
    let user = |(name, token): (&String, &Value)| User::new(origin, name.clone(), token.as_str());
    tokens.as_object().expect("tokens by name").iter().map(user).collect()
}

#[tokio::test]
async fn a_demo_user_reaches_the_api_through_the_page() {
    let Some(local) = stack::local_only(REASON) else { return };
    let origin = serve(local).await;
    let [alice, bob, _carol] = users(&origin).await.try_into().ok().expect("three users");
    let created =
        alice.post("/organization", json!({ "organizationName": "Acme" })).header("origin", &origin);
    let created = created.send().await;
    assert_eq!(created.expect(201)["createdBy"], "alice");
    assert_eq!(created.header("etag"), Some("\"1\""));
    let refused = bob.get(created.location()).send().await;
    refused.expect_error(404, "organization_not_found");
    for name in created.headers.keys().chain(refused.headers.keys()) {
        assert!(!name.as_str().starts_with("access-control-"), "{name}");
    }
}

#[tokio::test]
async fn requests_from_pages_of_other_origins_are_refused() {
    let Some(local) = stack::local_only(REASON) else { return };
    for origin in [serve(local).await, local.api_url.clone()] {
        expect_only_own_origin(&origin).await;
    }
}

async fn expect_only_own_origin(origin: &str) {
    let host = origin.strip_prefix("http://").unwrap();
    let port = host.split(':').next_back().unwrap();
    let rebound = format!("rebound.example:{port}");
    for headers in [
        &[("origin", "http://evil.example")][..],
        &[("origin", "null")],
        &[("host", rebound.as_str())],
        &[("host", rebound.as_str()), ("origin", origin)],
        &[("origin", "http://evil.example"), ("access-control-request-method", "POST")],
    ] {
        for (method, path) in [
            (Method::GET, "/"),
            (Method::OPTIONS, "/organization"),
            (Method::GET, "/organization/list"),
            (Method::POST, "/organization"),
            (Method::POST, "/2015-03-31/functions/create-organization/invocations"),
        ] {
            let answer = send(method.clone(), format!("{origin}{path}"), headers).await;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{method} {path} {headers:?}");
            assert!(answer.headers().get("access-control-allow-origin").is_none());
            let body = answer.text().await.expect("a text");
            assert!(body.len() < 100 && !body.contains("token"), "{body}");
        }
    }
}

#[tokio::test]
async fn the_page_loads_only_from_its_own_server_and_cannot_be_framed() {
    let Some(local) = stack::local_only(REASON) else { return };
    let origin = serve(local).await;
    for path in
        ["/", "/page.js", "/page.css", "/swagger-ui.js", "/swagger-ui.css", "/favicon.ico", "/openapi.yaml"]
    {
        let answer = send(Method::GET, format!("{origin}{path}"), &[]).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none';") && policy.ends_with("frame-ancestors 'none'"));
        assert!(!policy.contains("http") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.headers()["cross-origin-resource-policy"], "same-origin");
        assert!(!answer.text().await.expect("a text").is_empty(), "{path}");
    }
}

/// The emulator's invocation route trusts the claims in an event, so pages must not reach it.
#[tokio::test]
async fn only_requests_to_the_api_are_forwarded() {
    let Some(local) = stack::local_only(REASON) else { return };
    let origin = serve(local).await;
    for path in [
        "/2015-03-31/functions/list-organizations/invocations",
        "/organizations",
        "/organization/../2015-03-31",
        "/x",
    ] {
        let answer = send(Method::POST, format!("{origin}{path}"), &[]).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.text().await.expect("a text"), "Not found. The API reference is at /.");
    }
}

#[tokio::test]
async fn every_operation_is_reached_through_the_page_and_on_the_apis_port() {
    let Some(local) = stack::local_only(REASON) else { return };
    for origin in [serve(local).await, local.api_url.clone()] {
        for &operation in Operation::ALL {
            let path = operation.path().replace("{organization_id}", "org_").replace("{user_id}", "a%2Fb");
            let path = path.replace("{invitation_id}", "inv_");
            let method = operation.method().parse().expect("a method");
            let answer = send(method, format!("{origin}{path}"), &[("origin", &origin)]).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{operation:?} at {origin}");
            let text = answer.text().await.expect("a text");
            assert!(text.contains("\"unauthorized\""), "{operation:?} at {origin}: {text}");
        }
    }
}

/// The emulator serves more than the API on its own port, which nobody is told: its Runtime API, and two ways to
/// run every binary of the workspace.
#[tokio::test]
async fn the_apis_port_serves_only_the_api_and_invocations_of_its_functions() {
    let Some(local) = stack::local_only(REASON) else { return };
    let send = async |method, path: &str| {
        let answer = send(method, format!("{}{path}", local.api_url), &[]).await;
        (answer.status(), answer.headers().clone(), answer.text().await.expect("a text"))
    };
    for path in [
        "/.rt/2018-06-01/runtime/invocation/next",
        "/.rt/add-member/2018-06-01/runtime/invocation/next",
        "/.rt/2018-06-01/runtime/init/error",
        "/lambda-url/list-organizations/organization/list",
        "/2015-03-31/functions/local/invocations",
        "/2015-03-31/functions/cost/invocations",
        "/2015-03-31/functions/list-organizations/response-streaming-invocations",
        "/organizations",
        "/",
    ] {
        for method in [Method::GET, Method::POST] {
            let (status, headers, text) = send(method, path).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}: {text}");
            assert!(text.contains("neither a path of the API nor a function"), "{path}: {text}");
            assert!(headers.get("access-control-allow-origin").is_none(), "{headers:?}");
        }
    }
    let (status, headers, _) = send(Method::GET, "/organization/list").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(headers.keys().all(|name| !name.as_str().starts_with("access-control-")), "{headers:?}");
}

/// A page can send requests to every port of 127.0.0.1, and the emulator would answer them.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_emulator_listens_on_an_address_that_no_page_can_find() {
    let Some(_) = stack::local_only(REASON) else { return };
    let addresses: Vec<_> = local::process::descendants().into_iter().flat_map(listening).collect();
    // Under nextest, the stack belongs to another process.
    assert!(!addresses.is_empty() || std::env::var_os("NEXTEST_RUN_ID").is_some());
    for address in addresses {
        assert!(address.is_loopback() && address != Ipv4Addr::LOCALHOST, "{address}");
    }
}

/// The IPv4 addresses that a process listens on, from the table that proc_pid_net(5) describes. Addresses of IPv6
/// count as unspecified.
#[cfg(target_os = "linux")]
fn listening(process: Pid) -> Vec<Ipv4Addr> {
    let process = Path::new("/proc").join(process.as_raw_pid().to_string());
    let files = fs::read_dir(process.join("fd")).into_iter().flatten();
    let sockets: Vec<_> = files
        .filter_map(|file| fs::read_link(file.ok()?.path()).ok()?.into_os_string().into_string().ok())
        .collect();
    let table = |name: &str| fs::read_to_string(process.join("net").join(name)).unwrap_or_default();
    let address = |line: &str| {
        let [_, local, _, state, _, _, _, _, _, inode, ..] = line.split_whitespace().collect::<Vec<_>>()[..]
        else {
            return None;
        };
        let is_listening = state == "0A" && sockets.contains(&format!("socket:[{inode}]"));
        let address = local.split(':').next().filter(|_| is_listening)?;
        let bytes = u32::from_str_radix(address, 16).map(u32::swap_bytes);
        Some(bytes.map_or(Ipv4Addr::UNSPECIFIED, Ipv4Addr::from))
    };
    ["tcp", "tcp6"].map(table).iter().flat_map(|table| table.lines().filter_map(address)).collect()
}
