//! README's text: its shell blocks, and the answers in them.

/// The shell blocks, without their fences.
pub(crate) fn blocks(markdown: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in markdown.lines() {
        match (&mut open, line.trim()) {
            (None, "```sh") => open = Some(String::new()),
            (Some(_), "```") => blocks.extend(open.take()),
            (Some(block), _) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    blocks
}

/// The comments below the commands, which show their output.
pub(crate) fn answers(block: &str) -> String {
    block.lines().filter_map(|line| line.strip_prefix("# ")).map(|line| format!("{line}\n")).collect()
}

/// The text with every id, token, time and month replaced by a placeholder.
pub(crate) fn without_what_differs(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|c| !is_word(c)).unwrap_or(from.len()));
        result.push_str(before);
        result.push_str(match word {
            _ if word.len() == 30 && ["org_", "inv_"].iter().any(|prefix| word.starts_with(prefix)) => {
                "AN_ID"
            }
            _ if word.len() == 91 && word.starts_with("invt_") => "A_TOKEN",
            _ if word.len() == 10 && word.starts_with("20") && word.ends_with("-01") => "A_MONTH",
            _ if word.len() == 24 && word.starts_with("20") && word.ends_with('Z') => "A_TIME",
            _ => word,
        });
        rest = after;
    }
    result + rest
}

/// Part of an id, a token, a time or a month. A time contains hyphens, colons and a point.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-:.".contains(c)
}

#[test]
fn only_ids_tokens_times_and_months_are_replaced() {
    let token = format!("invt_{}-_0", "aZ9".repeat(27) + "b1");
    let json = r#"{"id":"org_01M85BG1Z6BQPS27S7KQGCYXH6","invitation":"inv_6R96K64K97D9N075G4WRS0K9XY","domain":"acme.example","createdAt":"2026-11-23T23:22:42.534Z","version":1,"token":"TOKEN","short":"invt_a","period":"2026-11-01","day":"2026-11-15"}"#;
    assert_eq!(
        without_what_differs(&json.replace("TOKEN", &token)),
        r#"{"id":"AN_ID","invitation":"AN_ID","domain":"acme.example","createdAt":"A_TIME","version":1,"token":"A_TOKEN","short":"invt_a","period":"A_MONTH","day":"2026-11-15"}"#
    );
}

#[test]
fn answers_are_the_comments_below_the_commands() {
    let [block] = &blocks("Text\n```sh\na # not this\n# {\"b\": 1}\n```\n```rust\nno\n```\n")[..] else {
        panic!()
    };
    assert_eq!(answers(block), "{\"b\": 1}\n");
}
