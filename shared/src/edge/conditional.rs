//! Conditional requests (RFC 9110 §13). An organization's entity tag is its version in quotes.

use super::Error;
use crate::model::{Preconditions, Versions};
use http::HeaderMap;

/// Maximum number of entity tags in a header. A write's condition lists the versions of each header in one
/// `IN`, which takes at most 100 operands. Clients rarely need more than 50.
const MAX_TAGS: usize = 50;

enum Tags {
    Any,
    Listed(Vec<Tag>),
}

struct Tag {
    weak: bool,
    /// `None` for a well-formed tag that this API never issues.
    version: Option<u64>,
}

/// The preconditions in `If-Match` and `If-None-Match`.
pub(super) fn preconditions(headers: &HeaderMap) -> Result<Preconditions, Error> {
    let (if_match, if_none_match) = (tags(headers, "If-Match")?, tags(headers, "If-None-Match")?);
    let is_weak = |tags: &Tags| matches!(tags, Tags::Listed(tags) if tags.iter().any(|tag| tag.weak));
    Ok(Preconditions {
        if_match_is_weak: if_match.as_ref().is_some_and(is_weak),
        // RFC 9110 §13.1.1 compares strongly: a weak tag never matches. §13.1.2 compares weakly.
        if_match: if_match.map(|tags| tags.versions(|tag| !tag.weak)),
        if_none_match: if_none_match.map(|tags| tags.versions(|_| true)),
    })
}

impl Tags {
    fn versions(self, counts: impl Fn(&Tag) -> bool) -> Versions {
        match self {
            Self::Any => Versions::Any,
            Self::Listed(tags) => {
                Versions::OneOf(tags.into_iter().filter(counts).filter_map(|tag| tag.version).collect())
            }
        }
    }
}

fn tags(headers: &HeaderMap, name: &'static str) -> Result<Option<Tags>, Error> {
    let lines: Vec<_> =
        headers.get_all(name).iter().map(|line| line.to_str().unwrap_or("?").trim()).collect();
    match lines.as_slice() {
        [] => Ok(None),
        ["*"] => Ok(Some(Tags::Any)),
        lines => match listed(lines) {
            Some(tags) if (1..=MAX_TAGS).contains(&tags.len()) => Ok(Some(Tags::Listed(tags))),
            _ => Err(Error::about(name, |_| {
                format!("{name} must be * or at most {MAX_TAGS} quoted ETags, such as \"1\".")
            })),
        },
    }
}

/// The tags in all lines of a header, or `None` if a line is malformed. Empty elements of a list are skipped
/// (RFC 9110 §5.6.1.2).
fn listed(lines: &[&str]) -> Option<Vec<Tag>> {
    const BETWEEN_TAGS: [char; 3] = [',', ' ', '\t'];
    let mut tags = Vec::new();
    for line in lines {
        let mut rest = line.trim_start_matches(BETWEEN_TAGS);
        while !rest.is_empty() {
            let (tag, after) = tag(rest)?;
            tags.push(tag);
            let next = after.trim_start_matches(BETWEEN_TAGS);
            let separator = after.strip_suffix(next)?;
            if !next.is_empty() && !separator.contains(',') {
                return None;
            }
            rest = next;
        }
    }
    Some(tags)
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
    use crate::model::Precondition;

    fn parse(name: &'static str, values: &[&str]) -> Result<Preconditions, Error> {
        let headers = values.iter().map(|value| (name.parse().unwrap(), value.parse().unwrap()));
        preconditions(&headers.collect())
    }

    /// The precondition that fails for an organization at version 3.
    fn failed(name: &'static str, value: &str) -> Option<Precondition> {
        parse(name, &[value]).unwrap().failed_at(3)
    }

    #[test]
    fn if_match_compares_strongly() {
        assert_eq!(parse("If-Match", &[]).unwrap(), Preconditions::NONE);
        for holds in
            ["*", "\"3\"", "\"2\" , \"3\",W/\"5\"", "W/\"3\", \"3\"", ",\"3\"", "\"3\" ,, ", "\t,\"3\""]
        {
            assert_eq!(failed("If-Match", holds), None, "{holds}");
        }
        for strong in ["\"2\"", "\"abc\"", "\"\"", "\"03\"", "\"+3\"", "\"a,b\"", "\"W/3\""] {
            assert_eq!(failed("If-Match", strong), Some(Precondition::IfMatch), "{strong}");
        }
        for weak in ["W/\"3\"", "\"2\", W/\"3\"", "W/\"2\""] {
            assert_eq!(failed("If-Match", weak), Some(Precondition::WeakIfMatch), "{weak}");
        }
        let two_lines = parse("If-Match", &["\"1\",", "", "\"2\""]).unwrap();
        assert_eq!(two_lines, Preconditions::if_match(vec![1, 2]));
    }

    #[test]
    fn if_none_match_compares_weakly() {
        for excludes in ["*", "\"3\"", "W/\"3\"", "\"1\", \"3\"", ", W/\"3\","] {
            assert_eq!(failed("If-None-Match", excludes), Some(Precondition::IfNoneMatch), "{excludes}");
        }
        for holds in ["\"4\"", "\"abc\"", "W/\"4\""] {
            assert_eq!(failed("If-None-Match", holds), None, "{holds}");
        }
    }

    #[test]
    fn malformed_tags_are_refused() {
        let many = vec!["\"1\""; MAX_TAGS + 1].join(",");
        for value in [
            "",
            ",",
            " , ,",
            "3",
            "\"3",
            "3\"",
            "\"3\" \"4\"",
            "\"3\"\"4\"",
            "*,",
            "*, \"3\"",
            "\"3\", *",
            "w/\"3\"",
            "W/ \"3\"",
            "\"a b\"",
            &many,
        ] {
            for name in ["If-Match", "If-None-Match"] {
                let error = parse(name, &[value]).unwrap_err();
                assert_eq!(error.code(), "invalid_request", "{value}");
                assert_eq!(error.details().unwrap()["field"], name);
            }
        }
        assert!(parse("If-Match", &["*", "\"3\""]).is_err());
        assert!(parse("If-Match", &["*", "*"]).is_err());
        assert!(parse("If-Match", &[&format!("{}\"1\"", ",".repeat(5_000))]).is_ok());
    }
}
