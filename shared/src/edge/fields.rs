use super::Error;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use lambda_http::Body;
use serde::Deserialize;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;
use std::fmt;

const MAX_BODY_BYTES: usize = 64 * 1024;

/// The fields of a request's JSON body. A handler takes them one by one; [`Fields::end`] refuses the
/// rest, so that a misspelled field is not silently ignored.
///
/// A value stays raw JSON until it is taken. This distinguishes the integer `10` from the float `1e1`,
/// and avoids building nested values in memory.
#[derive(Debug)]
pub struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    /// # Errors
    /// [`Error::PayloadTooLarge`], [`Error::UnsupportedMediaType`], or [`Error::InvalidRequest`]
    /// when the body is not a JSON object with distinct fields (RFC 8259 §4).
    pub(crate) fn parse(headers: &HeaderMap, body: &Body) -> Result<Self, Error> {
        if body.len() > MAX_BODY_BYTES {
            return Err(Error::PayloadTooLarge);
        }
        if !is_json(headers) {
            return Err(Error::UnsupportedMediaType);
        }
        if body.iter().all(u8::is_ascii_whitespace) {
            return Err(Error::malformed("The body is missing. Send a JSON object."));
        }
        let fields: Self = serde_json::from_slice(body).map_err(|error| match error.classify() {
            Category::Data => Error::malformed("The body must be a JSON object."),
            _ => Error::malformed(format!("The body is not valid JSON: {error}.")),
        })?;
        match fields.duplicate() {
            Some(name) => Err(Error::invalid(name, format!("Duplicate field {name:?}. Send it once."))),
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

    /// Takes a required integer, saturated to 128 bits, or `null`.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] when the field is missing or has another type. A number written as a
    /// float counts as another type.
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

    fn nullable_integer(&mut self, name: &str) -> Result<Option<Option<i128>>, Error> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let text = value.get();
        let digits = text.strip_prefix('-').unwrap_or(text);
        if text == "null" {
            Ok(Some(None))
        } else if digits.bytes().all(|byte| byte.is_ascii_digit()) {
            let saturated = if digits.len() == text.len() { i128::MAX } else { i128::MIN };
            Ok(Some(Some(text.parse().unwrap_or(saturated))))
        } else {
            Err(wrong_type(name, "an integer or null"))
        }
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
            Some((name, _)) => {
                let message = format!("Unknown field {name:?}. Remove it.");
                Err(Error::invalid(name, message))
            }
        }
    }

    fn typed<T: DeserializeOwned>(&mut self, name: &str, expected: &str) -> Result<Option<T>, Error> {
        let Some(value) = self.take(name) else { return Ok(None) };
        serde_json::from_str(value.get()).map(Some).map_err(|_| wrong_type(name, expected))
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
    Error::invalid(name, format!("Missing field {name:?}. Add it."))
}

fn wrong_type(name: &str, expected: &str) -> Error {
    Error::invalid(name, format!("The field {name:?} must be {expected}."))
}

/// Type and subtype are case-insensitive; parameters follow a semicolon (RFC 9110 §8.3.1). An absent
/// header counts as JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else { return true };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Fields, Error> {
        Fields::parse(&HeaderMap::new(), &Body::from(body))
    }

    fn code_and_field(result: Result<impl fmt::Debug, Error>) -> (&'static str, Option<String>) {
        let error = result.unwrap_err();
        let field = error.details().map(|details| details["field"].as_str().unwrap().to_owned());
        (error.code(), field)
    }

    #[test]
    fn a_float_is_not_an_integer() {
        for (body, expected) in [
            (r#"{"n": 5}"#, Some(Some(5))),
            (r#"{"n": -0}"#, Some(Some(0))),
            (r#"{"n": null}"#, Some(None)),
            (r#"{}"#, None),
            (r#"{"n": 1000000000000000000000000000000000000000000}"#, Some(Some(i128::MAX))),
            (r#"{"n": -1000000000000000000000000000000000000000000}"#, Some(Some(i128::MIN))),
        ] {
            assert_eq!(parse(body).unwrap().nullable_integer("n").unwrap(), expected, "{body}");
        }
        for body in [r#"{"n": 1.0}"#, r#"{"n": 1e3}"#, r#"{"n": "5"}"#, r#"{"n": true}"#, r#"{"n": [1]}"#] {
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
        let broken = Body::from(b"{\"a\": \"\xff\"}".to_vec());
        assert_eq!(code_and_field(Fields::parse(&HeaderMap::new(), &broken)), ("invalid_request", None));
        let lone_surrogate = parse(r#"{"a": "\ud800"}"#).unwrap().string("a");
        assert_eq!(code_and_field(lone_surrogate), ("invalid_request", Some("a".into())));
    }

    #[test]
    fn the_error_names_an_unknown_field() {
        let mut fields = parse(r#"{"a": "x", "b": 1, "c": 2}"#).unwrap();
        assert_eq!(fields.string("a").unwrap().as_deref(), Some("x"));
        fields.ignore(&["c"]);
        assert_eq!(code_and_field(fields.end()), ("invalid_request", Some("b".into())));
    }

    #[test]
    fn media_types_other_than_json_are_refused() {
        for (value, ok) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/json ;x=y", true),
            ("text/plain", false),
            ("application/jsonx", false),
            ("application/problem+json", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, value.parse().unwrap())]);
            assert_eq!(Fields::parse(&headers, &Body::from("{}")).is_ok(), ok, "{value}");
        }
    }
}
