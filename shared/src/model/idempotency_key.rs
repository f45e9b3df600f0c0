use super::Invalid;

const MAX_CHARACTERS: usize = 255;

/// Identifies one request, so that a retry of it is recognized: 1 to 255 printable ASCII characters.
///
/// It has no `Debug`, so that it cannot be logged: clients may put personal data into keys.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Parses the value of an `Idempotency-Key` header: a quoted string (RFC 9651 §3.3.3), as
    /// draft-ietf-httpapi-idempotency-key-header requires, or the bare key, as most clients send it.
    /// Both spellings give the same key.
    ///
    /// # Errors
    /// When the key is empty or too long, contains a character that is not printable ASCII, or is a malformed
    /// quoted string.
    pub fn parse(value: &str) -> Result<Self, Invalid> {
        let key = match value.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => Some(value.to_owned()),
        };
        let is_printable = |byte: u8| (0x20..=0x7e).contains(&byte);
        key.filter(|key| (1..=MAX_CHARACTERS).contains(&key.len()) && key.bytes().all(is_printable))
            .map(Self)
            .ok_or(Invalid::new(
                "idempotency_key",
                "Send one Idempotency-Key: 1 to 255 printable ASCII characters, bare or as a quoted string.",
            ))
    }

    /// The key, without quotes and escapes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Unescapes a quoted string; `text` starts after the opening quote and ends with the closing one. A
/// backslash may escape only a quote or a backslash.
fn unquoted(text: &str) -> Option<String> {
    let mut key = String::with_capacity(text.len());
    let mut characters = text.chars();
    loop {
        match characters.next()? {
            '"' => return characters.as_str().is_empty().then_some(key),
            '\\' => key.push(characters.next().filter(|escaped| ['"', '\\'].contains(escaped))?),
            character => key.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(value: &str) -> Option<String> {
        IdempotencyKey::parse(value).ok().map(|key| key.as_str().to_owned())
    }

    #[test]
    fn a_key_is_the_same_with_and_without_quotes() {
        for (value, key) in [
            ("k", "k"),
            ("\"k\"", "k"),
            ("8e03978e-40d5-43e8-bc93-6894a57f9324", "8e03978e-40d5-43e8-bc93-6894a57f9324"),
            ("a b, c#\\d\"", "a b, c#\\d\""),
            (r#""a \"b\" \\ c""#, r#"a "b" \ c"#),
            ("\" \"", " "),
        ] {
            assert_eq!(parsed(value).as_deref(), Some(key), "{value}");
        }
        let (longest, escaped) = ("~".repeat(255), format!("\"{}\"", "\\\\".repeat(255)));
        assert_eq!(parsed(&longest), Some(longest));
        assert_eq!(parsed(&escaped), Some("\\".repeat(255)));
    }

    #[test]
    fn malformed_keys_are_refused() {
        let too_long = "k".repeat(256);
        for value in ["", &too_long, &format!("\"{too_long}\""), "\t", "a\u{7f}", "é", "\"é\"", "\"a\tb\""]
        {
            assert_eq!(parsed(value), None, "{value:?}");
        }
        for value in
            ["\"", "\"\"", "\"a", "\"a\\\"", "\"a\\b\"", "\"a\"b", "\"a\" ", "\"a\",\"b\"", "\"a\";b=1"]
        {
            assert_eq!(parsed(value), None, "{value:?}");
        }
    }
}
