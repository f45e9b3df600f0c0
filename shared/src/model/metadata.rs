use super::Invalid;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A client's own notes about an organization: at most 10 pairs of texts. Keys have 1–40 characters of
/// `A–Z a–z 0–9 _ -`, values at most 256 bytes without control characters, and all of them at most 1,024 bytes
/// together: every write to the organization pays for its size.
///
/// Stored metadata is returned without parsing it again: a stricter rule must not make existing organizations
/// unreadable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    const MAX_PAIRS: usize = 10;
    const MAX_KEY_BYTES: usize = 40;
    const MAX_VALUE_BYTES: usize = 256;
    const MAX_BYTES: usize = 1024;

    /// Takes these pairs.
    ///
    /// # Errors
    /// When there are too many, or one is not valid.
    pub fn parse(pairs: BTreeMap<String, String>) -> Result<Self, Invalid> {
        if pairs.len() > Self::MAX_PAIRS {
            return Err(Invalid::new("pairs", "metadata must have at most 10 keys."));
        }
        let is_key_character = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let is_key =
            |key: &str| (1..=Self::MAX_KEY_BYTES).contains(&key.len()) && key.bytes().all(is_key_character);
        if !pairs.keys().all(|key| is_key(key)) {
            return Err(Invalid::new(
                "key",
                "A key in metadata must have 1 to 40 characters: letters A-Z and a-z, digits, _ and -.",
            ));
        }
        if pairs.values().any(|value| value.len() > Self::MAX_VALUE_BYTES) {
            return Err(Invalid::new(
                "value_length",
                "A value in metadata must have at most 256 bytes in UTF-8.",
            ));
        }
        if pairs.values().any(|value| value.chars().any(char::is_control)) {
            return Err(Invalid::new(
                "control_character",
                "A value in metadata must not contain control characters or line breaks.",
            ));
        }
        if pairs.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > Self::MAX_BYTES {
            return Err(Invalid::new(
                "length",
                "The keys and values in metadata must have at most 1024 bytes together.",
            ));
        }
        Ok(Self(pairs))
    }

    /// True if there are no pairs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<&'static str> {
        let pairs = pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
        Metadata::parse(pairs.collect()).err().map(|invalid| invalid.rule)
    }

    #[test]
    fn metadata_is_bounded() {
        let keys: Vec<_> = (0..11).map(|number| format!("key-{number}")).collect();
        let pairs = |count| keys.iter().take(count).map(|key| (key.as_str(), ""));
        assert_eq!(rule([]), None);
        assert_eq!(rule(pairs(10)), None);
        assert_eq!(rule(pairs(11)), Some("pairs"));

        let long = "k".repeat(41);
        for key in ["k", "Az_09-", long.split_at(40).0] {
            assert_eq!(rule([(key, "")]), None, "{key}");
        }
        for key in ["", " ", "a.b", "a b", "ä", "a\n", &long] {
            assert_eq!(rule([(key, "")]), Some("key"), "{key:?}");
        }

        let value = "v".repeat(257);
        for value in ["", "Straße 1, \u{1f600}", value.split_at(256).0] {
            assert_eq!(rule([("k", value)]), None, "{value}");
        }
        assert_eq!(rule([("k", value.as_str())]), Some("value_length"));
        assert_eq!(rule([("k", "é".repeat(129).as_str())]), Some("value_length"));
        for value in ["\n", "a\u{0}", "\u{7f}", "\u{85}"] {
            assert_eq!(rule([("k", value)]), Some("control_character"), "{value:?}");
        }

        let long = "v".repeat(255);
        assert_eq!(rule([("a", long.as_str()), ("b", &long), ("c", &long), ("d", &long)]), None);
        assert_eq!(rule([("a", long.as_str()), ("b", &long), ("c", &long), ("dd", &long)]), Some("length"));
    }
}
