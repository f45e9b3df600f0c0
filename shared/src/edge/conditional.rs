//! Conditional requests (RFC 9110 §13). An organization's entity tag is its version in quotes.

use super::Error;
use crate::model::ExpectedVersion;
use http::HeaderMap;
use http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};

/// Maximum number of entity tags in a header. A write's condition lists the versions of `If-Match` in one
/// `IN`, which takes at most 100 operands. Clients rarely need more than 50.
const MAX_TAGS: usize = 50;

/// The versions that an `If-None-Match` header excludes.
#[derive(Debug, PartialEq, Eq)]
pub struct IfNoneMatch(Option<Tags>);

impl IfNoneMatch {
    /// True if the client already has `version`: the response must be 304. Compares weakly (RFC 9110
    /// §13.1.2).
    pub fn has(&self, version: u64) -> bool {
        match &self.0 {
            None => false,
            Some(Tags::Any) => true,
            Some(Tags::Listed(tags)) => tags.iter().any(|tag| tag.version == Some(version)),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Tags {
    Any,
    Listed(Vec<Tag>),
}

#[derive(Debug, PartialEq, Eq)]
struct Tag {
    weak: bool,
    /// `None` for a well-formed tag that this API never issues.
    version: Option<u64>,
}

pub(super) fn if_match(headers: &HeaderMap) -> Result<ExpectedVersion, Error> {
    Ok(match tags(headers, &IF_MATCH)? {
        None | Some(Tags::Any) => ExpectedVersion::Any,
        // RFC 9110 §13.1.1 compares strongly: a weak tag never matches.
        Some(Tags::Listed(tags)) => ExpectedVersion::OneOf(
            tags.into_iter().filter(|tag| !tag.weak).filter_map(|tag| tag.version).collect(),
        ),
    })
}

pub(super) fn if_none_match(headers: &HeaderMap) -> Result<IfNoneMatch, Error> {
    tags(headers, &IF_NONE_MATCH).map(IfNoneMatch)
}

fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, Error> {
    let malformed = || {
        let name = if name == IF_MATCH { "If-Match" } else { "If-None-Match" };
        Error::invalid(name, format!("{name} must be * or at most {MAX_TAGS} quoted ETags, such as \"1\"."))
    };
    let mut listed = Vec::new();
    for value in headers.get_all(name) {
        let value = value.to_str().map_err(|_| malformed())?.trim();
        if value == "*" && listed.is_empty() && headers.get_all(name).iter().count() == 1 {
            return Ok(Some(Tags::Any));
        }
        let mut rest = value;
        loop {
            let (tag, after) = tag(rest).ok_or_else(malformed)?;
            listed.push(tag);
            let after = after.trim_start();
            match after.strip_prefix(',') {
                Some(next) => rest = next.trim_start(),
                None if after.is_empty() => break,
                None => return Err(malformed()),
            }
        }
    }
    match listed.len() {
        0 => Ok(None),
        1..=MAX_TAGS => Ok(Some(Tags::Listed(listed))),
        _ => Err(malformed()),
    }
}

/// Splits one entity tag off the front of `text`.
fn tag(text: &str) -> Option<(Tag, &str)> {
    let (weak, text) = match text.strip_prefix("W/") {
        Some(text) => (true, text),
        None => (false, text),
    };
    let (opaque, after) = text.strip_prefix('"')?.split_once('"')?;
    let is_etagc = |byte: u8| byte == 0x21 || (0x23..=0x7e).contains(&byte);
    if !opaque.bytes().all(is_etagc) {
        return None;
    }
    // Tags are opaque: `"+1"` and `"01"` are not the tag `"1"`.
    let version = opaque.parse::<u64>().ok().filter(|version| version.to_string() == opaque);
    Some((Tag { weak, version }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    fn versions(value: &str) -> ExpectedVersion {
        if_match(&headers(IF_MATCH, &[value])).unwrap()
    }

    #[test]
    fn if_match_compares_strongly() {
        assert_eq!(if_match(&HeaderMap::new()).unwrap(), ExpectedVersion::Any);
        assert_eq!(versions("*"), ExpectedVersion::Any);
        assert_eq!(versions("\"3\""), ExpectedVersion::OneOf(vec![3]));
        assert_eq!(versions("\"3\" , \"4\",W/\"5\""), ExpectedVersion::OneOf(vec![3, 4]));
        for never in ["W/\"3\"", "\"abc\"", "\"\"", "\"03\"", "\"+3\"", "\"a,b\""] {
            assert_eq!(versions(never), ExpectedVersion::OneOf(vec![]), "{never}");
        }
        let two_lines = headers(IF_MATCH, &["\"1\"", "\"2\""]);
        assert_eq!(if_match(&two_lines).unwrap(), ExpectedVersion::OneOf(vec![1, 2]));
    }

    #[test]
    fn if_none_match_compares_weakly() {
        let has = |value| if_none_match(&headers(IF_NONE_MATCH, &[value])).unwrap().has(3);
        assert!(has("*") && has("\"3\"") && has("W/\"3\"") && has("\"1\", \"3\""));
        assert!(!has("\"4\"") && !has("\"abc\""));
        assert!(!if_none_match(&HeaderMap::new()).unwrap().has(3));
    }

    #[test]
    fn malformed_tags_are_refused() {
        let many = vec!["\"1\""; MAX_TAGS + 1].join(",");
        for value in ["", "3", "\"3", "3\"", "\"3\" \"4\"", "\"3\",", "*, \"3\"", "w/\"3\"", "\"a b\"", &many]
        {
            let error = if_match(&headers(IF_MATCH, &[value])).unwrap_err();
            assert_eq!(error.code(), "invalid_request", "{value}");
            assert_eq!(error.details().unwrap()["field"], "If-Match");
        }
    }
}
