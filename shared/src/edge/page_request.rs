use super::Error;
use super::query::{refuse_unknown, single};
use super::request::percent_encoded;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lambda_http::aws_lambda_events::query_map::QueryMap;
use std::str::FromStr;

/// The longest position, in bytes. DynamoDB limits a sort key to 1024 bytes, and some of them are for the
/// key's prefix
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>).
const MAX_POSITION_BYTES: usize = 1000;

/// The largest page of a list, and the one without `limit`.
const MAX_LIMIT: usize = 1000;

/// The requested page of a list.
///
/// A cursor contains only the list's name and a position. The partition always comes from the caller and
/// the path, so a forged cursor reveals nothing that the caller may not read.
#[derive(Debug)]
pub struct PageRequest {
    /// The maximum number of items.
    pub limit: usize,
    /// The position of the last item of the previous page; `None` for the first page.
    pub after: Option<String>,
    list: &'static str,
    /// The other parameters of the list, as they appear in its links.
    given: String,
}

impl PageRequest {
    pub(crate) fn parse(
        list: &'static str,
        filters: &[&'static str],
        query: &QueryMap,
    ) -> Result<Self, Error> {
        refuse_unknown(query, &[&["limit", "cursor"], filters].concat())?;
        let limit = limit(query)?;
        let after = match single(query, "cursor")? {
            None => None,
            Some(text) => Some(decode(list, text).ok_or(Error::InvalidCursor)?),
        };
        let mut given = String::new();
        for name in filters.iter().chain(&["limit"]) {
            if let Some(value) = single(query, name)? {
                given += &format!("{name}={}&", percent_encoded(value));
            }
        }
        Ok(Self { limit, after, list, given })
    }

    /// The page after the item at `position`, for a `Link` header: a reference relative to the list's URL, so
    /// that it is right behind any base path.
    pub fn next(&self, position: &str) -> String {
        let cursor = URL_SAFE_NO_PAD.encode(format!("{}:{position}", self.list));
        format!("?{}cursor={cursor}", self.given)
    }
}

/// The parameter `limit`.
pub(super) fn limit(query: &QueryMap) -> Result<usize, Error> {
    let Some(text) = single(query, "limit")? else { return Ok(MAX_LIMIT) };
    integer(text)
        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
        .ok_or_else(|| Error::invalid("limit", "limit must be an integer from 1 to 1000."))
}

/// An integer without a sign, in decimal digits.
pub(super) fn integer<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Accepts any position that fits into a key, not only ids: the last row of a page may have a key that is
/// not a valid id, and its cursor must still work.
fn decode(list: &str, cursor: &str) -> Option<String> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let position = text.strip_prefix(list)?.strip_prefix(':')?;
    (1..=MAX_POSITION_BYTES).contains(&position.len()).then(|| position.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> Result<PageRequest, Error> {
        PageRequest::parse("things", &["color"], &query.parse().unwrap())
    }

    #[test]
    fn the_next_page_starts_where_this_one_ended() {
        let next = page("limit=7").unwrap().next("a:b");
        let query = next.strip_prefix('?').unwrap();
        let followed = page(query).unwrap();
        assert_eq!((followed.limit, followed.after.as_deref()), (7, Some("a:b")));
        assert!(!page("").unwrap().next("x").contains("limit"));
        let filtered = page("limit=7&color=a%26b").unwrap().next("x");
        assert!(filtered.starts_with("?color=a%26b&limit=7&cursor="), "{filtered}");
    }

    #[test]
    fn a_limit_must_be_an_integer_from_1_to_1000() {
        assert_eq!(page("limit=1").unwrap().limit, 1);
        assert_eq!(page("limit=1000").unwrap().limit, 1000);
        assert_eq!(page("").unwrap().limit, 1000);
        for limit in ["0", "1001", "-1", "+1", "1.0", "", "ten", "99999999999999999999999", "1&limit=2"] {
            let error = page(&format!("limit={limit}")).unwrap_err();
            assert_eq!(error.code(), "invalid_request", "{limit}");
        }
    }

    #[test]
    fn cursors_of_other_lists_are_refused() {
        let of = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for cursor in [
            of("others:x"),
            of("things"),
            of("things:"),
            of(&format!("things:{}", "x".repeat(1001))),
            of(""),
            "!".into(),
            String::new(),
            of("things:x") + "=",
        ] {
            assert_eq!(page(&format!("cursor={cursor}")).unwrap_err().code(), "invalid_cursor", "{cursor}");
        }
    }
}
