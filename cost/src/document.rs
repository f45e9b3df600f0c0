//! Markdown tables, and the places in a document where they go.

use std::error::Error;
use std::fmt::Write as _;

const END: &str = "<!-- end -->";

/// Replaces the text between `<!-- cost: NAME -->` and `<!-- end -->` by the table of that name.
///
/// # Errors
/// If a table has no place in the document, or a place has no end.
pub(crate) fn fill(document: &str, tables: &[(&str, String)]) -> Result<String, Box<dyn Error>> {
    let mut text = document.to_owned();
    for (name, table) in tables {
        let start = format!("<!-- cost: {name} -->\n");
        let (before, rest) = text
            .split_once(&start)
            .ok_or_else(|| format!("the document has no line {}", start.trim_end()))?;
        let (_, after) = rest
            .split_once(END)
            .ok_or_else(|| format!("the table {name} has no end marker: add a line {END} below it"))?;
        text = format!("{before}{start}\n{table}\n{END}{after}");
    }
    Ok(text)
}

/// A table whose first column is text and whose others are numbers.
pub(crate) fn table<const COLUMNS: usize>(
    heading: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [String; COLUMNS]>,
) -> String {
    let mut text = format!("| {} |\n|---|{}\n", heading.join(" | "), "---:|".repeat(COLUMNS - 1));
    for row in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

/// Two decimals below 1,000. From 1,000 on, a whole number with separators.
pub(crate) fn dollars(amount: f64) -> String {
    if amount < 1000.0 { format!("{amount:.2}") } else { whole(amount) }
}

/// Rounded to a whole number, with separators: 1,234,567.
pub(crate) fn whole(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The shortest decimal form (2, 2.5), or a dash for 0.
pub(crate) fn units(number: f64) -> String {
    if number == 0.0 { "–".to_owned() } else { number.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_place_is_filled() {
        let document = "a\n<!-- cost: x -->\nold\n<!-- end -->\nb\n<!-- end -->\n";
        let filled = fill(document, &[("x", "new\n".to_owned())]).unwrap();
        assert_eq!(filled, "a\n<!-- cost: x -->\n\nnew\n\n<!-- end -->\nb\n<!-- end -->\n");
        assert_eq!(fill(&filled, &[("x", "new\n".to_owned())]).unwrap(), filled);
        assert!(fill(document, &[("y", String::new())]).is_err());
        assert!(fill("<!-- cost: x -->\n", &[("x", String::new())]).is_err());
    }

    #[test]
    fn large_numbers_have_separators() {
        let numbers = [0.4, 12.0, 123.0, 1234.0, 1_234_567.0];
        assert_eq!(numbers.map(whole), ["0", "12", "123", "1,234", "1,234,567"]);
        assert_eq!([0.126, 999.0, 1000.0].map(dollars), ["0.13", "999.00", "1,000"]);
    }
}
