//! Integers in JSON.

/// The value of a JSON number that is an integer, saturated to 128 bits; `None` for any other JSON value.
///
/// How the number is written does not matter: `5000.0` and `5e3` are the integer 5000 (JSON Schema 2020-12,
/// Validation §6.1.1). The work is bounded by the length of the text, not by the exponent.
pub(super) fn integer(json: &str) -> Option<i128> {
    /// Digits of the largest `i128`. With more zeros than that, every number except 0 is out of range.
    const MAX_DIGITS: i64 = 39;
    let (sign, number) = if json.starts_with('-') { json.split_at(1) } else { ("", json) };
    if !number.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let exponent = exponent.parse().unwrap_or(if exponent.starts_with('-') { i64::MIN } else { i64::MAX });
    let trimmed = length(&digits) - length(significant);
    let zeros = exponent.saturating_add(trimmed).saturating_sub(length(fraction));
    let zeros = usize::try_from(zeros.min(MAX_DIGITS)).ok()?;
    let saturated = if sign.is_empty() { i128::MAX } else { i128::MIN };
    Some(format!("{sign}{significant}{}", "0".repeat(zeros)).parse().unwrap_or(saturated))
}

fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_is_one_by_value() {
        let (max, min) = (Some(i128::MAX), Some(i128::MIN));
        let (zeros, fraction) = ("0".repeat(60_000), format!("1.{}", "0".repeat(60_000)));
        for (json, expected) in [
            ("5", Some(5)),
            ("-5", Some(-5)),
            ("0", Some(0)),
            ("-0", Some(0)),
            ("0.000", Some(0)),
            ("-0.0e5", Some(0)),
            ("5000.0", Some(5000)),
            ("5e3", Some(5000)),
            ("5E+3", Some(5000)),
            ("-1.25e2", Some(-125)),
            ("50e-1", Some(5)),
            ("120.50e1", Some(1205)),
            ("0.001e3", Some(1)),
            ("5000.5", None),
            ("5e-1", None),
            ("1.25e1", None),
            ("170141183460469231731687303715884105727", max),
            ("170141183460469231731687303715884105728", max),
            ("-170141183460469231731687303715884105729", min),
            ("1e38", Some(10_i128.pow(38))),
            ("1e39", max),
            ("1e999999999", max),
            ("-1e999999999", min),
            ("1e99999999999999999999999", max),
            ("1e-99999999999999999999999", None),
            ("1.5e-9223372036854775808", None),
            ("0e99999999999999999999999", Some(0)),
            (&format!("1{zeros}"), max),
            (&format!("1{zeros}e-60000"), Some(1)),
            (&format!("0.{zeros}1e60001"), Some(1)),
            (&fraction, Some(1)),
            (&format!("{fraction}1"), None),
        ] {
            assert_eq!(integer(json), expected, "{}", &json[..json.len().min(50)]);
        }
    }

    #[test]
    fn other_json_values_are_no_integers() {
        for json in ["null", "true", "\"5\"", "\"\"", "[1]", "{}"] {
            assert_eq!(integer(json), None, "{json}");
        }
    }
}
