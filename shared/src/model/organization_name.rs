use super::Invalid;
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{BidiControl, DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};
use serde::Serialize;

/// A symbol by its general category, but blank: the Braille pattern without dots.
const BLANK_SYMBOL: char = '\u{2800}';

/// A display name: trimmed, in Unicode Normalization Form C (UAX #15), 1–256 Unicode scalar values, one of
/// them visible. No control characters (general category Cc), no line and paragraph separators (Zl, Zp), and
/// none that change the direction of text (Bidi_Control): with these, a name could look like another one, or
/// reorder the text around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrganizationName(String);

impl OrganizationName {
    const MAX_CHARACTERS: usize = 256;

    /// Trims and normalizes `text`.
    ///
    /// # Errors
    /// When the result has no visible character, has more than 256 characters, or contains a character that is
    /// not allowed.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let name = ComposingNormalizerBorrowed::new_nfc().normalize(text.trim()).into_owned();
        if name.chars().any(is_control) {
            return Err(Invalid::new(
                "control_character",
                "The name must not contain control characters or line breaks.",
            ));
        }
        if name.chars().any(|character| CodePointSetData::new::<BidiControl>().contains(character)) {
            return Err(Invalid::new(
                "text_direction",
                "The name must not contain characters that change the direction of text.",
            ));
        }
        if !(1..=Self::MAX_CHARACTERS).contains(&name.chars().count()) {
            return Err(Invalid::new("length", "The name must have 1 to 256 characters after trimming."));
        }
        if !name.chars().any(is_visible) {
            return Err(Invalid::new("invisible", "The name must contain a visible character."));
        }
        Ok(Self(name))
    }

    /// The normalized name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn category(character: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(character)
}

fn is_control(character: char) -> bool {
    use GeneralCategory::{Control, LineSeparator, ParagraphSeparator};
    matches!(category(character), Control | LineSeparator | ParagraphSeparator)
}

fn is_visible(character: char) -> bool {
    use GeneralCategory::{EnclosingMark, Format, NonspacingMark, SpaceSeparator, SpacingMark};
    let draws_nothing_alone =
        matches!(category(character), SpaceSeparator | NonspacingMark | SpacingMark | EnclosingMark | Format);
    // Hangul fillers, and code points reserved for format characters of later Unicode versions.
    let is_ignored = CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character);
    !draws_nothing_alone && !is_ignored && character != BLANK_SYMBOL
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
    fn control_characters_and_line_breaks_are_refused() {
        for name in ["a\0b", "a\nb", "a\u{7f}", "a\u{85}b", "a\u{2028}b", "a\u{2029}b"] {
            assert_eq!(OrganizationName::parse(name).unwrap_err().rule, "control_character");
        }
    }

    /// The twelve characters of <https://www.unicode.org/Public/17.0.0/ucd/PropList.txt>.
    #[test]
    fn characters_with_the_property_bidi_control_are_refused() {
        let isolates = ('\u{2066}'..='\u{2069}').chain('\u{202a}'..='\u{202e}');
        for character in isolates.chain(['\u{61c}', '\u{200e}', '\u{200f}']) {
            for name in [format!("{character}evil"), format!("a{character}"), character.to_string()] {
                assert_eq!(OrganizationName::parse(&name).unwrap_err().rule, "text_direction", "{name:?}");
            }
        }
    }

    #[test]
    fn names_without_a_visible_character_are_refused() {
        let marks = "\u{301}\u{903}\u{20dd}\u{fe0f}";
        let format = "\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{ad}\u{e0041}";
        let fillers = "\u{115f}\u{1160}\u{2800}\u{3164}\u{ffa0}";
        let reserved = "\u{2065}\u{fff0}\u{e0000}\u{e0fff}";
        for blank in [marks, format, fillers, reserved, &format!("{format} \u{3000}{marks}{fillers}")] {
            assert_eq!(OrganizationName::parse(blank).unwrap_err().rule, "invisible", "{blank:?}");
            for character in blank.chars().filter(|character| !character.is_whitespace()) {
                assert_eq!(OrganizationName::parse(&character.to_string()).unwrap_err().rule, "invisible");
            }
            let name = format!("{blank}名{blank}");
            assert_eq!(OrganizationName::parse(&name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn joiners_stay_in_names_that_need_them() {
        for name in ["می\u{200c}خواهم", "ක්\u{200d}රි", "\u{1f468}\u{200d}\u{1f469}"] {
            assert_eq!(OrganizationName::parse(name).unwrap().as_str(), name);
        }
    }
}
