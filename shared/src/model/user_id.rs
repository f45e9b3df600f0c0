use super::Invalid;
use serde::{Deserialize, Serialize};

/// A user's id, the `sub` claim of the user's tokens: 1–255 ASCII letters, digits and
/// `- _ . ~ | : @ + = ,`. OpenID Connect Core 1.0 §2 limits `sub` to this length.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct UserId(String);

impl UserId {
    /// Parses a user id.
    ///
    /// # Errors
    /// When the text is empty, too long, or contains a character that is not allowed.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~|:@+=,".contains(&byte);
        if (1..=255).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(
                "user_id",
                "A user id must be the `sub` claim of the user's token: 1 to 255 ASCII letters, digits or - _ . ~ | : @ + = ,",
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
    fn ids_of_common_providers_parse() {
        for id in ["auth0|64ab", "google-oauth2|1", "me@example.com", "a", &"x".repeat(255)] {
            assert_eq!(UserId::parse(id).unwrap().as_str(), id);
        }
    }

    #[test]
    fn an_id_cannot_forge_a_key_or_a_path() {
        for id in ["", "a#b", "a/b", "a b", "a%7Cb", "a?b", "é", "a\n", &"x".repeat(256)] {
            assert_eq!(UserId::parse(id).unwrap_err().rule, "user_id", "{id}");
        }
    }
}
