use super::Invalid;
use serde::{Deserialize, Serialize};

/// An organization's id in another system: 1–128 printable ASCII characters without spaces. No two organizations
/// have the same one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExternalId(String);

impl ExternalId {
    const MAX_CHARACTERS: usize = 128;

    /// Takes an id.
    ///
    /// # Errors
    /// When its length or one of its characters is not allowed.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if !(1..=Self::MAX_CHARACTERS).contains(&text.len()) {
            return Err(Invalid::new("length", "externalId must have 1 to 128 characters."));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Invalid::new("characters", "externalId must be printable ASCII without spaces."));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_external_id_is_printable_ascii() {
        let long = "x".repeat(129);
        for text in ["a", "cus_123", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", long.split_at(128).0] {
            assert_eq!(ExternalId::parse(text).unwrap().as_str(), text);
        }
        for (text, rule) in [
            ("", "length"),
            (long.as_str(), "length"),
            ("a b", "characters"),
            ("\t", "characters"),
            ("é", "characters"),
        ] {
            assert_eq!(ExternalId::parse(text).unwrap_err().rule, rule, "{text:?}");
        }
    }
}
