//! The rules for names and domains, in creations and in updates.

use crate::{client::User, stack};
use serde_json::{Value, json};

/// The stored value of `field` in a new organization that is created with `value`.
async fn created(user: &User, field: &str, value: &str) -> Value {
    let mut body = json!({ "organizationName": "Acme" });
    let key = if field == "name" { "organizationName" } else { field };
    body[key] = json!(value);
    user.post("/organization", body).send().await.expect(201)[field].clone()
}

/// Asserts that both a creation and an update refuse each value.
async fn expect_refused(user: &User, field: &str, values: &[&str]) {
    let organization = user.create_organization("Acme").await;
    let before = user.organization(&organization).await;
    for value in values {
        let mut body = json!({ "organizationName": "Acme" });
        let key = if field == "name" { "organizationName" } else { field };
        body[key] = json!(value);
        user.post("/organization", body).send().await.expect_validation_failed(key);
        let update = user.put(&organization.path, json!({ field: value }));
        update.send().await.expect_validation_failed(field);
    }
    assert_eq!(user.organization(&organization).await, before);
}

#[tokio::test]
async fn names_are_trimmed_and_normalized_to_nfc() {
    let alice = stack::user("alice");
    for (sent, stored) in [
        ("  Acme \t", "Acme"),
        ("\u{2003}Acme\u{a0}", "Acme"),
        ("Cafe\u{301}", "Caf\u{e9}"),
        ("Acme  \u{1f468}\u{200d}\u{1f469} <&\"'>", "Acme  \u{1f468}\u{200d}\u{1f469} <&\"'>"),
        ("名", "名"),
    ] {
        assert_eq!(created(&alice, "name", sent).await, stored);
    }
    let organization = alice.create_organization("Acme").await;
    let update = alice.put(&organization.path, json!({ "name": " Cafe\u{301} " }));
    assert_eq!(update.send().await.expect(200)["name"], "Caf\u{e9}");
}

#[tokio::test]
async fn a_name_of_256_characters_is_accepted_whatever_its_length_in_bytes() {
    let alice = stack::user("alice");
    let (ascii, emoji) = ("a".repeat(256), "\u{1f600}".repeat(256));
    // 512 characters that NFC composes into 256, and 256 that it does not change.
    let (composing, combining) = ("e\u{301}".repeat(256), "q\u{301}".repeat(128));
    for (sent, stored) in [
        (&ascii, &ascii),
        (&emoji, &emoji),
        (&composing, &"\u{e9}".repeat(256)),
        (&combining, &combining),
        (&format!("  {emoji}\n"), &emoji),
    ] {
        assert_eq!(created(&alice, "name", sent).await, **stored);
    }
}

#[tokio::test]
async fn a_name_of_257_characters_is_refused() {
    let alice = stack::user("alice");
    let (emoji, composing) = ("\u{1f600}".repeat(257), "e\u{301}".repeat(257));
    let combining = "q\u{301}".repeat(128) + "q";
    // One character before NFC, two after it: the rule counts stored characters.
    let decomposing = "\u{958}".repeat(129);
    let refused = [&"a".repeat(257), &emoji, &composing, &combining, &decomposing];
    expect_refused(&alice, "name", &refused.map(String::as_str)).await;
}

#[tokio::test]
async fn empty_names_and_names_with_control_characters_are_refused() {
    let alice = stack::user("alice");
    let refused = ["", "   ", "\u{a0}\u{2003}", "Ac\u{0}me", "Ac\nme", "Ac\u{7f}me", "Ac\u{9b}me"];
    expect_refused(&alice, "name", &refused).await;
}

#[tokio::test]
async fn names_without_a_visible_character_are_refused() {
    let alice = stack::user("alice");
    let refused = [
        "\u{200b}",
        "\u{ad}",
        "\u{200d}",
        " \u{feff}\u{200b} ",
        "\u{301}",
        "\u{20dd}",
        "\u{903}",
        "\u{fe0f}\u{34f}",
        "\u{115f}",
        "\u{1160}",
        "\u{2800}\u{2800}",
        "\u{3164}",
        "\u{ffa0}",
        "\u{e0041}",
        "\u{3164}\u{a0}\u{200b}\u{301}\u{2800}",
    ];
    expect_refused(&alice, "name", &refused).await;
}

#[tokio::test]
async fn names_that_change_the_direction_of_text_or_break_lines_are_refused() {
    let alice = stack::user("alice");
    let refused = [
        "\u{202e}evil",
        "a\u{61c}b",
        "a\u{200e}",
        "a\u{200f}b",
        "a\u{202a}b",
        "a\u{202d}b",
        "a\u{202c}b",
        "a\u{2066}b",
        "a\u{2067}b",
        "a\u{2068}b",
        "a\u{2069}b",
        "a\u{2028}b",
        "a\u{2029}b",
    ];
    expect_refused(&alice, "name", &refused).await;
}

#[tokio::test]
async fn names_in_any_script_are_accepted() {
    let alice = stack::user("alice");
    for name in [
        "می\u{200c}خواهم",
        "ක්\u{200d}රි",
        "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
        "שלום",
        "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        "한글",
        "a\u{200b}b",
        "-",
        "\u{2801}",
    ] {
        assert_eq!(created(&alice, "name", name).await, name);
    }
}

#[tokio::test]
async fn a_domain_is_stored_in_lower_case_ascii() {
    let alice = stack::user("alice");
    for (sent, stored) in [
        ("example.com", "example.com"),
        ("EXAMPLE.com.", "example.com"),
        ("  example.com\t", "example.com"),
        ("bücher.example.com", "xn--bcher-kva.example.com"),
        ("BÜCHER.example.com", "xn--bcher-kva.example.com"),
        ("bu\u{308}cher.example.com", "xn--bcher-kva.example.com"),
        ("XN--BCHER-KVA.example.com", "xn--bcher-kva.example.com"),
        ("例え。テスト.example.com", "xn--r8jz45g.xn--zckzah.example.com"),
        ("acme.co.uk", "acme.co.uk"),
        ("a.b.c.d.e.example.com", "a.b.c.d.e.example.com"),
        ("1.2.3.4.example.com", "1.2.3.4.example.com"),
    ] {
        assert_eq!(created(&alice, "domain", sent).await, stored, "{sent}");
    }
    let organization = alice.create_organization("Acme").await;
    let update = alice.put(&organization.path, json!({ "domain": "Bücher.EXAMPLE.com." }));
    assert_eq!(update.send().await.expect(200)["domain"], "xn--bcher-kva.example.com");
}

#[tokio::test]
async fn a_domain_of_253_bytes_is_accepted_and_one_of_254_is_refused() {
    let alice = stack::user("alice");
    let labels = ["a", "b", "c"].map(|letter| letter.repeat(63)).join(".");
    let domain = |last: usize| format!("{labels}.{}.com", "d".repeat(last));
    let longest = domain(57);
    assert_eq!(longest.len(), 253);
    assert_eq!(created(&alice, "domain", &longest).await, longest);
    assert_eq!(created(&alice, "domain", &format!("{longest}.")).await, longest);
    // 254 bytes in ASCII, though fewer characters as sent.
    let umlaut = format!("{labels}.ü{}.com", "d".repeat(52));
    expect_refused(&alice, "domain", &[&domain(58), &umlaut]).await;
}

#[tokio::test]
async fn public_suffixes_and_addresses_are_not_domains() {
    let alice = stack::user("alice");
    let refused = ["co.uk", "CO.UK.", "com", "localhost", "1.2.3.4", "1.2.3.4.", "::1", "[::1]"];
    expect_refused(&alice, "domain", &refused).await;
}

#[tokio::test]
async fn malformed_domains_are_refused() {
    let alice = stack::user("alice");
    let long_label = format!("{}.example.com", "a".repeat(64));
    let refused = [
        "",
        "   ",
        ".",
        ".example.com",
        "example..com",
        "example.com..",
        "exa mple.com",
        "example .com",
        "example.com\u{0}",
        "-acme.example.com",
        "acme-.example.com",
        "https://example.com",
        "example.com/path",
        "example.com:443",
        "user@example.com",
        "*.example.com",
        "xn--\u{fc}.example.com",
        &long_label,
    ];
    expect_refused(&alice, "domain", &refused).await;
}
