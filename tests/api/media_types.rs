//! `Content-Type` and `Content-Encoding`, on every operation with a body.

use crate::{bodies::operations, client::Response, organizations::team, stack};

/// `{"organizationName":"Acme"}`, compressed by gzip.
const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabV\xca/JO\xcc\xcb\xacJ,\xc9\xcc\xcf\xf3K\xccMU\xb2RrL\x06R\xb5\x00\xc8\x070f\x1b\x00\x00\x00";

/// Expects 415. Only an answer to a PATCH says which patch formats are taken (RFC 5789 §2.2), and only an
/// answer about the coding says which codings are (RFC 9110 §12.5.3).
#[track_caller]
fn expect_unsupported(response: &Response, is_patch: bool, because_of_the_coding: bool) {
    response.expect_error(415, "unsupported_media_type");
    let accept_patch = is_patch.then_some("application/json, application/merge-patch+json");
    assert_eq!(response.header("accept-patch"), accept_patch, "{response}");
    let accept_encoding = because_of_the_coding.then_some("identity");
    assert_eq!(response.header("accept-encoding"), accept_encoding, "{response}");
}

#[tokio::test]
async fn media_types_other_than_json_are_refused() {
    let team = team().await;
    for operation in operations(&team, "other").await {
        for media_type in [
            "text/plain",
            "text/json",
            "application/x-www-form-urlencoded",
            "application/jsonx",
            "application/json-patch+json",
            "application/octet-stream",
            "multipart/form-data; boundary=application/json",
            "text/plain; application/json",
            "garbage",
        ] {
            let response = operation.send_as(media_type, operation.body.as_str()).await;
            expect_unsupported(&response, operation.is_patch, false);
        }
    }
}

#[tokio::test]
async fn the_json_media_type_may_have_parameters_and_any_case_or_be_missing() {
    for media_type in [
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "application/json ; a=b; c=\"d\"",
        "APPLICATION/JSON",
        "Application/Json; charset=utf-8",
        "none",
    ] {
        let (team, other) = (team().await, stack::unique("other"));
        for operation in operations(&team, &other).await {
            let response = match media_type {
                "none" => (operation.request)().body(operation.body.as_str()).send().await,
                named => operation.send_as(named, operation.body.as_str()).await,
            };
            assert!(response.status.is_success(), "{response}");
        }
    }
}

#[tokio::test]
async fn a_patch_may_be_a_merge_patch_and_no_other_request_may() {
    for media_type in ["application/merge-patch+json", "Application/Merge-Patch+JSON; charset=utf-8"] {
        let (team, other) = (team().await, stack::unique("other"));
        for operation in operations(&team, &other).await {
            let response = operation.send_as(media_type, operation.body.as_str()).await;
            match operation.is_patch {
                true => assert!(response.status.is_success(), "{response}"),
                false => expect_unsupported(&response, false, false),
            }
        }
    }
}

#[tokio::test]
async fn a_body_with_a_content_coding_is_refused_whether_or_not_it_is_encoded() {
    let team = team().await;
    for operation in operations(&team, "other").await {
        for coding in ["gzip", "GZIP", "br", "deflate", "x", "gzip, identity", "identity, gzip"] {
            for body in [operation.body.as_bytes(), GZIP] {
                // With this spelling of the media type, the emulator passes bytes that are not UTF-8.
                let request = (operation.request)().header("content-type", "Application/JSON");
                let response = request.header("content-encoding", coding).body(body).send().await;
                expect_unsupported(&response, operation.is_patch, true);
            }
        }
    }
    assert_eq!(team.owner.organization(&team.organization).await["version"], 4);
}

#[tokio::test]
async fn the_identity_coding_is_accepted() {
    for coding in ["identity", "Identity", " identity ", "identity, identity", ""] {
        let (team, other) = (team().await, stack::unique("other"));
        for operation in operations(&team, &other).await {
            let request = (operation.request)().header("content-type", "application/json");
            let request = request.header("content-encoding", coding).body(operation.body.as_str());
            let response = request.send().await;
            assert!(response.status.is_success(), "{response}");
        }
    }
}

#[tokio::test]
async fn the_size_is_checked_before_the_coding() {
    let team = team().await;
    for operation in operations(&team, "other").await {
        let request = (operation.request)().header("content-encoding", "gzip");
        let response = request.body("x".repeat(64 * 1024 + 1)).send().await;
        response.expect_error(413, "payload_too_large");
    }
}
