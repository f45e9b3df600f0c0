use crate::model::{Preconditions, Versions};
use aws_sdk_dynamodb::types::AttributeValue;

/// The condition that an organization's version meets the preconditions.
pub(super) fn condition(
    preconditions: &Preconditions,
    value: &mut impl FnMut(&str, AttributeValue),
) -> String {
    let Preconditions { if_match, if_none_match, .. } = preconditions;
    let matched = match if_match {
        None | Some(Versions::Any) => "attribute_exists(version)".to_owned(),
        Some(Versions::OneOf(versions)) => version_in(versions, ":match", value),
    };
    match if_none_match {
        None => matched,
        Some(Versions::Any) => format!("{matched} AND attribute_not_exists(version)"),
        Some(Versions::OneOf(versions)) => {
            format!("{matched} AND NOT {}", version_in(versions, ":noneMatch", value))
        }
    }
}

/// The condition that the version is one of these. The names of their values begin with `prefix`.
fn version_in(versions: &[u64], prefix: &str, value: &mut impl FnMut(&str, AttributeValue)) -> String {
    // `IN` needs an operand. Versions start at 1, so 0 never matches.
    let versions = if versions.is_empty() { &[0][..] } else { versions };
    let names: Vec<_> = (0..versions.len()).map(|place| format!("{prefix}{place}")).collect();
    for (name, version) in names.iter().zip(versions) {
        value(name, AttributeValue::N(version.to_string()));
    }
    format!("version IN ({})", names.join(", "))
}
