use serde_json::Value;

/// A pattern of `FilterCriteria`, as Lambda evaluates it on a record:
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax>. It knows exact
/// values, `prefix` and `anything-but`, and refuses everything else.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Vec<Condition>);

/// What the value at a path must be. One of the tests must hold.
#[derive(Debug, Clone, PartialEq)]
struct Condition {
    path: Vec<String>,
    tests: Vec<Test>,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Exactly(Value),
    Prefix(String),
    AnythingBut(Vec<Value>),
}

impl Filter {
    /// Parses a pattern.
    ///
    /// # Errors
    /// If it is malformed, or has an operator that is not known here.
    pub fn parse(pattern: &str) -> Result<Self, String> {
        let parsed = serde_json::from_str(pattern).map_err(|error| format!("filter {pattern}: {error}"))?;
        let mut conditions = Vec::new();
        collect(&parsed, &mut Vec::new(), &mut conditions)
            .map_err(|reason| format!("filter {pattern}: {reason}"))?;
        Ok(Self(conditions))
    }

    /// True if one of the filters matches, or if there is none.
    pub(super) fn any_matches(filters: &[Self], record: &Value) -> bool {
        filters.is_empty() || filters.iter().any(|filter| filter.matches(record))
    }

    fn matches(&self, record: &Value) -> bool {
        self.0.iter().all(|condition| {
            let value = condition.path.iter().try_fold(record, |value, name| value.get(name));
            // A value that is not there passes no test, `anything-but` neither.
            value.is_some_and(|value| condition.tests.iter().any(|test| test.holds(value)))
        })
    }
}

fn collect(pattern: &Value, path: &mut Vec<String>, conditions: &mut Vec<Condition>) -> Result<(), String> {
    match pattern {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, pattern) in fields {
                if path.is_empty() && name != "dynamodb" {
                    return Err(format!("Lambda filters on the key dynamodb alone, not on {name}"));
                }
                if name.starts_with('$') {
                    return Err(format!("{name} is not known here"));
                }
                path.push(name.clone());
                collect(pattern, path, conditions)?;
                path.pop();
            }
            Ok(())
        }
        Value::Array(tests) if !tests.is_empty() && !path.is_empty() => {
            let tests = tests.iter().map(Test::parse).collect::<Result<_, _>>()?;
            conditions.push(Condition { path: path.clone(), tests });
            Ok(())
        }
        other => Err(format!("{other} is neither an object with fields nor a list of values")),
    }
}

impl Test {
    fn parse(test: &Value) -> Result<Self, String> {
        let unknown = || format!("{test} is not known here");
        match test {
            Value::String(_) | Value::Null => Ok(Self::Exactly(test.clone())),
            Value::Object(operator) if operator.len() == 1 => {
                let is_text = |values: &[Value]| !values.is_empty() && values.iter().all(Value::is_string);
                match (operator.get("prefix"), operator.get("anything-but")) {
                    (Some(Value::String(prefix)), None) => Ok(Self::Prefix(prefix.clone())),
                    (None, Some(value @ Value::String(_))) => Ok(Self::AnythingBut(vec![value.clone()])),
                    (None, Some(Value::Array(values))) if is_text(values) => {
                        Ok(Self::AnythingBut(values.clone()))
                    }
                    _ => Err(unknown()),
                }
            }
            _ => Err(unknown()),
        }
    }

    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Exactly(expected) => value == expected,
            Self::Prefix(prefix) => value.as_str().is_some_and(|text| text.starts_with(prefix)),
            Self::AnythingBut(values) => !values.contains(value) && !value.is_object() && !value.is_array(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn matches(pattern: &Value, dynamodb: &Value) -> bool {
        Filter::parse(&pattern.to_string()).unwrap().matches(&json!({ "dynamodb": dynamodb }))
    }

    #[test]
    fn all_fields_must_match_and_one_test_of_each() {
        let pattern = json!({ "dynamodb": { "Keys": { "pk": { "S": [{ "prefix": "ORG#" }] }, "sk": { "S": ["A", "B"] } } } });
        let keys = |pk: &str, sk: &str| json!({ "Keys": { "pk": { "S": pk }, "sk": { "S": sk } } });
        assert!(matches(&pattern, &keys("ORG#1", "A")) && matches(&pattern, &keys("ORG#1", "B")));
        for (pk, sk) in [("USER#1", "A"), ("ORG#1", "AB"), ("ORG", "A")] {
            assert!(!matches(&pattern, &keys(pk, sk)), "{pk}, {sk}");
        }
        assert!(!matches(&pattern, &json!({ "Keys": { "pk": { "S": "ORG#1" } } })));
    }

    #[test]
    fn anything_but_wants_a_value() {
        let pattern =
            json!({ "dynamodb": { "NewImage": { "maxOverages": { "N": [{ "anything-but": ["0"] }] } } } });
        let image = |value: Value| json!({ "NewImage": { "maxOverages": value } });
        assert!(matches(&pattern, &image(json!({ "N": "5" }))));
        for value in [json!({ "N": "0" }), json!({ "NULL": true }), json!(null)] {
            assert!(!matches(&pattern, &image(value.clone())), "{value}");
        }
        assert!(!matches(&pattern, &json!({})));
    }

    #[test]
    fn one_of_several_filters_is_enough_and_none_passes_everything() {
        let filter =
            |value: &str| Filter::parse(&json!({ "dynamodb": { "x": [value] } }).to_string()).unwrap();
        let record = json!({ "dynamodb": { "x": "a" } });
        assert!(Filter::any_matches(&[], &record));
        assert!(Filter::any_matches(&[filter("b"), filter("a")], &record));
        assert!(!Filter::any_matches(&[filter("b")], &record));
    }

    #[test]
    fn what_is_not_evaluated_is_refused() {
        for pattern in [
            r#"{"dynamodb": {"x": [{"numeric": [">", 0]}]}}"#,
            r#"{"dynamodb": {"x": [{"exists": true}]}}"#,
            r#"{"dynamodb": {"x": [{"anything-but": {"prefix": "a"}}]}}"#,
            r#"{"dynamodb": {"x": [{"prefix": "a", "suffix": "b"}]}}"#,
            r#"{"dynamodb": {"$or": [{"x": ["a"]}]}}"#,
            r#"{"dynamodb": {"x": [5]}}"#,
            r#"{"dynamodb": {"x": "a"}}"#,
            r#"{"dynamodb": {"x": []}}"#,
            r#"{"eventName": ["INSERT"]}"#,
            "[]",
            "{",
        ] {
            assert!(Filter::parse(pattern).is_err(), "{pattern}");
        }
    }
}
