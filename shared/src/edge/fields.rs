use super::integer::integer;
use super::raw_fields::RawFields;
use super::{Error, media_type};
use http::{HeaderMap, Method};
use lambda_http::Body;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

const MAX_BODY_BYTES: usize = 64 * 1024;

/// RFC 8259 §8.1 forbids it at the start of a JSON text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The end of the message about an escape such as `\ud800`, which alone stands for no character.
const UNPAIRED_SURROGATE: &str = "contains an unpaired surrogate, such as \\ud800. Send valid Unicode.";

/// The fields of a request's JSON body. A handler takes them one by one; [`Fields::end`] refuses the
/// rest, so that a misspelled field is not silently ignored.
///
/// A value stays raw JSON until it is taken. This avoids rounding numbers and building nested values in
/// memory.
#[derive(Debug)]
pub struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    /// # Errors
    /// [`Error::PayloadTooLarge`], [`Error::UnsupportedCoding`], [`Error::UnsupportedMediaType`], or
    /// [`Error::InvalidRequest`] when the body is not a JSON object with distinct fields (RFC 8259 §4).
    pub(crate) fn parse(method: &Method, headers: &HeaderMap, body: &Body) -> Result<Self, Error> {
        if body.len() > MAX_BODY_BYTES {
            return Err(Error::PayloadTooLarge);
        }
        media_type::check(method, headers)?;
        if body.iter().all(u8::is_ascii_whitespace) {
            return Err(Error::malformed("The body is missing. Send a JSON object."));
        }
        let text = std::str::from_utf8(body)
            .map_err(|_| Error::malformed("The body is not UTF-8. Encode it as UTF-8."))?;
        if text.starts_with(BYTE_ORDER_MARK) {
            return Err(Error::malformed("The body starts with a byte order mark. Remove it."));
        }
        let RawFields(raw) = serde_json::from_str(text).map_err(|error| match error.classify() {
            Category::Data => Error::malformed("The body must be a JSON object."),
            _ => Error::malformed(format!("The body is not valid JSON: {error}.")),
        })?;
        let name = |raw: &RawValue| {
            let name: Option<String> = serde_json::from_str(raw.get()).ok();
            name.ok_or_else(|| Error::malformed(format!("The name of a field {UNPAIRED_SURROGATE}")))
        };
        let fields: Result<_, Error> = raw.into_iter().map(|(raw, value)| Ok((name(&raw)?, value))).collect();
        let fields = Self(fields?);
        match fields.duplicate() {
            Some(name) => Err(Error::about(name, |name| format!("Duplicate field {name}. Send it once."))),
            None => Ok(fields),
        }
    }

    /// Takes a required string.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when the field is missing or has another type.
    pub fn required_string(&mut self, name: &str) -> Result<String, Error> {
        self.string(name)?.ok_or_else(|| missing(name))
    }

    /// Takes a required integer, saturated to 128 bits.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when the field is missing or has another type.
    pub fn required_integer(&mut self, name: &str) -> Result<i128, Error> {
        self.integer(name)?.ok_or_else(|| missing(name))
    }

    /// Takes a required integer, saturated to 128 bits, or `null`.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when the field is missing or has another type. A number is an integer if its
    /// value is one, however it is written.
    pub fn required_nullable_integer(&mut self, name: &str) -> Result<Option<i128>, Error> {
        self.nullable_integer(name)?.ok_or_else(|| missing(name))
    }

    /// Takes an optional string.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when the field has another type or is `null`.
    pub fn string(&mut self, name: &str) -> Result<Option<String>, Error> {
        self.typed(name, "a string")
    }

    /// Takes an optional string or `null`.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when the field has another type.
    pub fn nullable_string(&mut self, name: &str) -> Result<Option<Option<String>>, Error> {
        self.typed(name, "a string or null")
    }

    /// Takes an optional integer, saturated to 128 bits.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when the field has another type or is `null`.
    pub fn integer(&mut self, name: &str) -> Result<Option<i128>, Error> {
        let Some(value) = self.take(name) else { return Ok(None) };
        integer(value.get()).map(Some).ok_or_else(|| wrong_type(name, "an integer"))
    }

    /// Takes an optional integer, saturated to 128 bits, or `null`.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when the field has another type.
    pub fn nullable_integer(&mut self, name: &str) -> Result<Option<Option<i128>>, Error> {
        match self.take(name).as_deref().map(RawValue::get) {
            None => Ok(None),
            Some("null") => Ok(Some(None)),
            Some(value) => match integer(value) {
                Some(integer) => Ok(Some(Some(integer))),
                None => Err(wrong_type(name, "an integer or null")),
            },
        }
    }

    /// Takes an optional object whose fields are strings.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when the field has another type, is `null`, or names one of its fields twice.
    pub fn strings(&mut self, name: &str) -> Result<Option<BTreeMap<String, String>>, Error> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let not_an_object = || wrong_type(name, "an object of strings");
        let RawFields(fields) = serde_json::from_str(value.get()).map_err(|_| not_an_object())?;
        let mut strings = BTreeMap::new();
        for (key, value) in fields {
            let text = |raw: &RawValue| match serde_json::from_str::<String>(raw.get()) {
                Ok(text) => Ok(text),
                Err(_) if raw.get().starts_with('"') => Err(unpaired_surrogate(name)),
                Err(_) => Err(not_an_object()),
            };
            if strings.insert(text(&key)?, text(&value)?).is_some() {
                return Err(Error::about(name, |name| {
                    format!("The field {name} has a key twice. Send it once.")
                }));
            }
        }
        Ok(Some(strings))
    }

    /// Drops fields that the operation accepts but does not use.
    pub fn ignore(&mut self, names: &[&str]) {
        self.0.retain(|(name, _)| !names.contains(&name.as_str()));
    }

    /// Ends the parsing.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when a field is left.
    pub fn end(self) -> Result<(), Error> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => Err(Error::about(&name, |name| format!("Unknown field {name}. Remove it."))),
        }
    }

    /// `T` is a type of strings, so a JSON string that it does not take has an unpaired surrogate.
    fn typed<T: DeserializeOwned>(&mut self, name: &str, expected: &str) -> Result<Option<T>, Error> {
        let Some(value) = self.take(name) else { return Ok(None) };
        serde_json::from_str(value.get()).map(Some).map_err(|_| match value.get().starts_with('"') {
            true => unpaired_surrogate(name),
            false => wrong_type(name, expected),
        })
    }

    fn take(&mut self, name: &str) -> Option<Box<RawValue>> {
        let position = self.0.iter().position(|(given, _)| given == name)?;
        Some(self.0.swap_remove(position).1)
    }

    fn duplicate(&self) -> Option<&str> {
        let mut names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.windows(2).find_map(|pair| match pair {
            [a, b] if a == b => Some(*a),
            _ => None,
        })
    }
}

fn missing(name: &str) -> Error {
    Error::about(name, |name| format!("Missing field {name}. Add it."))
}

fn unpaired_surrogate(name: &str) -> Error {
    Error::about(name, |name| format!("The field {name} {UNPAIRED_SURROGATE}"))
}

fn wrong_type(name: &str, expected: &str) -> Error {
    Error::about(name, |name| format!("The field {name} must be {expected}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt;

    fn parse(body: &str) -> Result<Fields, Error> {
        parse_bytes(Body::from(body))
    }

    fn parse_bytes(body: Body) -> Result<Fields, Error> {
        Fields::parse(&Method::PUT, &HeaderMap::new(), &body)
    }

    fn code_and_field(result: Result<impl fmt::Debug, Error>) -> (&'static str, Option<String>) {
        let error = result.unwrap_err();
        let field = error.details().map(|details| details["field"].as_str().unwrap().to_owned());
        (error.code(), field)
    }

    #[test]
    fn a_number_is_an_integer_if_its_value_is_one() {
        for (body, expected) in [
            (r#"{"n": 5}"#, Some(Some(5))),
            (r#"{"n": 5e3}"#, Some(Some(5000))),
            (r#"{"n": null}"#, Some(None)),
            (r#"{}"#, None),
            (r#"{"n": 1000000000000000000000000000000000000000000}"#, Some(Some(i128::MAX))),
            (r#"{"n": -1000000000000000000000000000000000000000000}"#, Some(Some(i128::MIN))),
        ] {
            assert_eq!(parse(body).unwrap().nullable_integer("n").unwrap(), expected, "{body}");
        }
        for body in [r#"{"n": 1.5}"#, r#"{"n": "5"}"#, r#"{"n": true}"#, r#"{"n": [1]}"#] {
            let refused = parse(body).unwrap().nullable_integer("n");
            assert_eq!(code_and_field(refused), ("invalid_request", Some("n".into())), "{body}");
        }
    }

    #[test]
    fn a_body_must_be_a_json_object_with_distinct_fields() {
        let deep = format!("{{\"a\": {}1{}}}", "[".repeat(20_000), "]".repeat(20_000));
        assert!(parse(&deep).is_ok(), "nested values are not built in memory");
        for body in
            ["", "  ", "[]", "\"a\"", "null", "{", "{\"a\":}", "{} {}", "\u{feff}{}", &"[".repeat(20_000)]
        {
            assert_eq!(code_and_field(parse(body)), ("invalid_request", None), "{body}");
        }
        assert_eq!(
            code_and_field(parse(r#"{"a": 1, "b": 2, "\u0061": 3}"#)),
            ("invalid_request", Some("a".into()))
        );
        assert_eq!(parse(&" ".repeat(MAX_BODY_BYTES + 1)).unwrap_err().code(), "payload_too_large");
    }

    #[test]
    fn invalid_unicode_is_refused() {
        let message = |result: Result<Fields, Error>| result.unwrap_err().to_string();
        let not_utf_8 = Body::from(b"{\"a\": \"\xff\"}".to_vec());
        assert_eq!(message(parse_bytes(not_utf_8)), "The body is not UTF-8. Encode it as UTF-8.");
        let marked = parse("\u{feff}{}");
        assert_eq!(message(marked), "The body starts with a byte order mark. Remove it.");
        for half in [r"\ud800", r"\udc00", r"\ud800\ud800", r"\ud800x", r"\\\ud800"] {
            let value = parse(&format!(r#"{{"a": "{half}"}}"#)).unwrap().string("a").unwrap_err();
            let expected =
                r#"The field "a" contains an unpaired surrogate, such as \ud800. Send valid Unicode."#;
            assert_eq!(value.to_string(), expected, "{half}");
            let name = message(parse(&format!(r#"{{"{half}": 1}}"#)));
            let expected =
                r"The name of a field contains an unpaired surrogate, such as \ud800. Send valid Unicode.";
            assert_eq!(name, expected, "{half}");
        }
        let whole = parse(r#"{"\ud83d\ude00": "\\ud800"}"#).unwrap().string("\u{1f600}");
        assert_eq!(whole.unwrap().as_deref(), Some("\\ud800"));
    }

    #[test]
    fn the_error_names_an_unknown_field() {
        let mut fields = parse(r#"{"a": "x", "b": 1, "c": 2}"#).unwrap();
        assert_eq!(fields.string("a").unwrap().as_deref(), Some("x"));
        fields.ignore(&["c"]);
        assert_eq!(code_and_field(fields.end()), ("invalid_request", Some("b".into())));
    }
}
