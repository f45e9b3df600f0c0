use super::Invalid;
use icu_normalizer::ComposingNormalizerBorrowed;
use serde::Serialize;

/// A display name: trimmed, in Unicode Normalization Form C (UAX #15), 1–256 Unicode scalar
/// values, no control characters (general category Cc).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrganizationName(String);

impl OrganizationName {
    const MAX_CHARACTERS: usize = 256;

    /// Trims and normalizes `text`.
    ///
    /// # Errors
    /// When the result is empty, has more than 256 characters, or contains a control character.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let name = ComposingNormalizerBorrowed::new_nfc().normalize(text.trim()).into_owned();
        if name.chars().any(char::is_control) {
            return Err(Invalid::new("control_character", "The name must not contain control characters."));
        }
        if !(1..=Self::MAX_CHARACTERS).contains(&name.chars().count()) {
            return Err(Invalid::new("length", "The name must have 1 to 256 characters after trimming."));
        }
        Ok(Self(name))
    }

    /// The normalized name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_composed() {
        assert_eq!(OrganizationName::parse("\u{3000} Cafe\u{301} \n").unwrap().as_str(), "Caf\u{e9}");
    }

    #[test]
    fn length_counts_characters_after_composing() {
        assert!(OrganizationName::parse(&"🦀".repeat(256)).is_ok());
        assert!(OrganizationName::parse(&"e\u{301}".repeat(256)).is_ok());
        for name in ["", " \t ", &"🦀".repeat(257)] {
            assert_eq!(OrganizationName::parse(name).unwrap_err().rule, "length");
        }
    }

    #[test]
    fn control_characters_are_refused() {
        for name in ["a\0b", "a\nb", "a\u{7f}", "a\u{85}b"] {
            assert_eq!(OrganizationName::parse(name).unwrap_err().rule, "control_character");
        }
    }
}
