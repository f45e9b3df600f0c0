use super::Invalid;
use serde::{Deserialize, Serialize};

/// A user's id, the `sub` claim of the user's tokens: 1–255 printable ASCII characters without spaces. OpenID
/// Connect Core 1.0 §2 requires ASCII and limits only the length.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct UserId(String);

impl UserId {
    /// Reserved for service callers. No user's id may begin with it.
    pub(super) const SERVICE: &str = "service:";

    /// Parses a user id.
    ///
    /// # Errors
    /// When the text is empty, too long, reserved for services, or contains a character that is not allowed.
    /// Also for `.` and `..`: URL parsers remove these segments from a path, even if they are percent-encoded
    /// (<https://url.spec.whatwg.org/#double-dot-path-segment>).
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        let removed_from_paths = [".", ".."].contains(&text);
        if (1..=255).contains(&text.len())
            && printable
            && !removed_from_paths
            && !text.starts_with(Self::SERVICE)
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(
                "user_id",
                "A user id must be the `sub` claim of the user's token: 1 to 255 printable ASCII characters without spaces, neither . nor .., and not beginning with service:",
            ))
        }
    }

    /// The id, as in tokens, bodies and keys.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for UserId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).map_err(|invalid| invalid.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_ascii_character_is_allowed() {
        for byte in b'!'..=b'~' {
            let id = format!("a{}", char::from(byte));
            assert_eq!(UserId::parse(&id).unwrap().as_str(), id);
        }
        for id in ["auth0|64ab", "S//808E9+ilew8=", "...", "service", "Service:a", &"x".repeat(255)] {
            assert_eq!(UserId::parse(id).unwrap().as_str(), id);
        }
    }

    #[test]
    fn other_characters_and_reserved_ids_are_refused() {
        for id in ["", ".", "..", "service:", "service:a", "a b", "é", "a\n", "a\u{7f}", &"x".repeat(256)] {
            assert_eq!(UserId::parse(id).unwrap_err().rule, "user_id", "{id}");
        }
    }
}
