//! The media type and the content coding of a body.

use super::Error;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Method};

/// A patch format besides JSON (RFC 7396). The fields that an operation takes mean the same in both.
const MERGE_PATCH: &str = "application/merge-patch+json";

/// Refuses a body that is not plain JSON.
pub(super) fn check(method: &Method, headers: &HeaderMap) -> Result<(), Error> {
    let is_patch = method == Method::PATCH;
    if !is_identity(headers) {
        return Err(Error::UnsupportedCoding { is_patch });
    }
    if !is_json(headers, is_patch) {
        return Err(Error::UnsupportedMediaType { is_patch });
    }
    Ok(())
}

/// Codings are case-insensitive and separated by commas (RFC 9110 §8.4).
fn is_identity(headers: &HeaderMap) -> bool {
    let is_identity = |coding: &str| coding.is_empty() || coding.eq_ignore_ascii_case("identity");
    let mut values = headers.get_all(CONTENT_ENCODING).iter().map(|value| value.to_str().unwrap_or("?"));
    values.all(|value| value.split(',').map(str::trim).all(is_identity))
}

/// Type and subtype are case-insensitive; parameters follow a semicolon (RFC 9110 §8.3.1). An absent
/// header counts as JSON.
fn is_json(headers: &HeaderMap, is_patch: bool) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else { return true };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
        || (is_patch && essence.eq_ignore_ascii_case(MERGE_PATCH))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::HeaderName;

    fn is_accepted(method: Method, name: HeaderName, value: &str) -> bool {
        check(&method, &HeaderMap::from_iter([(name, value.parse().unwrap())])).is_ok()
    }

    #[test]
    fn media_types_other_than_json_are_refused() {
        for (value, put, patch) in [
            ("application/json", true, true),
            ("Application/JSON; charset=utf-8", true, true),
            ("application/json ;x=y", true, true),
            ("application/merge-patch+json", false, true),
            ("application/Merge-Patch+json ; a=b", false, true),
            ("text/plain", false, false),
            ("application/jsonx", false, false),
            ("application/problem+json", false, false),
            ("application/json-patch+json", false, false),
            ("", false, false),
        ] {
            let accepted =
                [Method::PUT, Method::PATCH].map(|method| is_accepted(method, CONTENT_TYPE, value));
            assert_eq!(accepted, [put, patch], "{value}");
        }
        assert!(check(&Method::PUT, &HeaderMap::new()).is_ok());
    }

    #[test]
    fn content_codings_other_than_identity_are_refused() {
        for value in ["", "identity", "Identity", "identity, identity", "identity,"] {
            assert!(is_accepted(Method::PUT, CONTENT_ENCODING, value), "{value}");
        }
        for value in ["gzip", "GZIP", "x-gzip", "br", "identity, gzip", "gzip,", "identity;q=1"] {
            assert!(!is_accepted(Method::PUT, CONTENT_ENCODING, value), "{value}");
        }
        let lines = ["identity", "gzip"].map(|value| (CONTENT_ENCODING, value.parse().unwrap()));
        assert!(check(&Method::PUT, &HeaderMap::from_iter(lines)).is_err());
    }
}
