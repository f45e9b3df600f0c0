//! What the API's port lets through to cargo-lambda's emulator: requests to the API's own paths, and the events
//! that `cargo lambda invoke` sends to the functions of the API.
//!
//! The emulator serves more than that on one port: its Runtime API, with which everybody could take the events
//! of a function and answer them, and two other ways to run every binary of the workspace, `local` and `cost`
//! among them.

use crate::{
    Error,
    forward::Upstream,
    openapi::{self, Operation},
};
use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use heck::ToKebabCase as _;
use std::{collections::BTreeSet, sync::Arc};

/// In the emulator's format, of which `cargo lambda invoke` shows the field `detail`.
const NOT_FOUND: &str = r#"{"title":"Not found","detail":"This is neither a path of the API nor a function of one of its operations; openapi.yaml lists them."}"#;

/// The paths of the API and the names of its functions.
#[derive(Debug)]
pub(crate) struct Api {
    /// The first segments of the paths.
    roots: BTreeSet<String>,
    functions: BTreeSet<String>,
}

impl Api {
    /// Reads openapi.yaml.
    pub(crate) fn read() -> Result<Self, Error> {
        Ok(Self::new(&openapi::operations()?))
    }

    fn new(operations: &[Operation]) -> Self {
        let roots = operations.iter().filter_map(|operation| root(&operation.path).map(str::to_owned));
        let functions = operations.iter().map(|operation| operation.id.to_kebab_case());
        Self { roots: roots.collect(), functions: functions.collect() }
    }

    /// True for the paths of the API and everything below them. The emulator does not resolve `..`, so that no
    /// such path leads elsewhere.
    pub(crate) fn has(&self, path: &str) -> bool {
        root(path).is_some_and(|root| self.roots.contains(root))
    }

    /// True for the path to which `cargo lambda invoke` sends an event for an operation.
    fn is_invocation(&self, path: &str) -> bool {
        let function =
            path.strip_prefix("/2015-03-31/functions/").and_then(|rest| rest.strip_suffix("/invocations"));
        function.is_some_and(|function| self.functions.contains(function))
    }
}

fn root(path: &str) -> Option<&str> {
    path.strip_prefix('/')?.split('/').next()
}

/// Forwards the requests that may pass to the emulator.
pub(crate) fn router(api: Api, emulator: Upstream) -> Router {
    Router::new().fallback(respond).with_state(Arc::new((api, emulator)))
}

async fn respond(State(state): State<Arc<(Api, Upstream)>>, request: Request) -> Response {
    let (api, emulator) = &*state;
    let path = request.uri().path();
    if api.has(path) || api.is_invocation(path) {
        emulator.forward(request).await
    } else {
        (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "application/json")], NOT_FOUND).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_the_api_pass() {
        let api = Api::read().unwrap();
        for path in [
            "/organization",
            "/organization/list",
            "/organization/org_1/member/a%7Cb",
            "/organization/org_1/invitation/inv_1",
            "/invitation/preview",
            "/invitation/accept",
        ] {
            assert!(api.has(path), "{path}");
        }
        for path in [
            "/",
            "//organization",
            "/organizations",
            "/invitations",
            "/organization%2F..",
            "/.rt/2018-06-01/runtime/invocation/next",
            "/2015-03-31/functions/add-member/invocations",
            "/lambda-url/add-member/organization",
            "*",
            "",
        ] {
            assert!(!api.has(path), "{path}");
        }
    }

    #[test]
    fn only_functions_of_operations_can_be_invoked() {
        let api = Api::read().unwrap();
        let invocation =
            |function: &str| api.is_invocation(&format!("/2015-03-31/functions/{function}/invocations"));
        for operation in functions::Operation::ALL {
            assert!(invocation(&operation.id().to_kebab_case()), "{operation:?}");
        }
        for name in
            ["record-events", "local", "cost", "_", "", "add%2Dmember", "add-member/..", "../.rt/add-member"]
        {
            assert!(!invocation(name), "{name}");
        }
        assert!(!api.is_invocation("/2015-03-31/functions/add-member/response-streaming-invocations"));
    }
}
