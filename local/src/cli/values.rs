//! Parses values of options.

use std::time::Duration;

/// The longest lifetime of a token. A token cannot be revoked: the functions accept it until it expires or the
/// signing key is deleted.
const MAX_LIFETIME: Duration = Duration::from_hours(24);

/// The maximum length of the texts among template.yaml's parameters.
const MAX_SETTING: usize = 70;

pub(super) fn parse_endpoint(text: &str) -> Result<String, &'static str> {
    let expected = "an http or https URL is expected, such as http://127.0.0.1:8000";
    let url: reqwest::Url = text.parse().map_err(|_| expected)?;
    // A quote would end the value in the environment file.
    let is_usable = matches!(url.scheme(), "http" | "https") && url.has_host() && !text.contains('\'');
    if is_usable { Ok(text.to_owned()) } else { Err(expected) }
}

/// Accepts seconds without a unit, and humantime's format. Refuses less than a second, because the times in a
/// token are whole seconds, and more than [`MAX_LIFETIME`].
pub(super) fn parse_lifetime(text: &str) -> Result<humantime::Duration, &'static str> {
    let lifetime = match text.parse::<u32>() {
        Ok(seconds) => Duration::from_secs(seconds.into()),
        Err(_) => humantime::parse_duration(text).unwrap_or_default(),
    };
    if lifetime.as_secs() == 0 || lifetime > MAX_LIFETIME {
        Err("a duration from one second to 24 hours is expected, such as 900, 15m or 8h")
    } else {
        Ok(lifetime.into())
    }
}

/// Applies the functions' rule for the `sub` of a token, so that the API accepts every printed token. Repeats
/// the rule of `shared` instead of using it: otherwise every change to `shared` would recompile `cargo local
/// token`. A test compares the two rules.
pub(super) fn parse_user(text: &str) -> Result<String, &'static str> {
    let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
    let reserved = [".", ".."].contains(&text) || text.starts_with("service:");
    if (1..=255).contains(&text.len()) && printable && !reserved {
        Ok(text.to_owned())
    } else {
        Err(
            "a user id or a service's name is 1 to 255 printable ASCII characters without spaces, neither . nor .., not beginning with service:",
        )
    }
}

/// Accepts the characters of RFC 6749 §3.3.
pub(super) fn parse_scopes(text: &str) -> Result<String, &'static str> {
    let allowed = |byte: u8| byte == b' ' || byte.is_ascii_graphic() && !b"\"\\".contains(&byte);
    if text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err("scopes are printable ASCII characters except \" and \\, separated by spaces")
    }
}

/// Repeats the rule of template.yaml's parameter `InvitationUrl`: empty, or an https URL of at most 70 characters
/// without a fragment. http is allowed for localhost only.
pub(super) fn parse_invitation_url(text: &str) -> Result<String, &'static str> {
    let is_port = |rest: &str| rest.strip_prefix(':').is_none_or(|port| !port.is_empty() && is_digits(port));
    let host_of = |rest: &str| rest.split('/').next().unwrap_or_default().to_owned();
    let is_url = match (text.strip_prefix("https://"), text.strip_prefix("http://localhost")) {
        (Some(rest), _) => !host_of(rest).is_empty(),
        (_, Some(rest)) => is_port(&host_of(rest)) && (rest.is_empty() || rest.starts_with([':', '/'])),
        (None, None) => text.is_empty(),
    };
    let is_usable = text.chars().count() <= MAX_SETTING && is_unquoted_word(text) && !text.contains('#');
    if is_url && is_usable {
        Ok(text.to_owned())
    } else {
        Err(
            "an https URL of at most 70 characters without a fragment is expected, such as https://app.example.com/join; http is allowed for localhost only",
        )
    }
}

/// Repeats the rule of template.yaml's parameter `InviteeEmailClaim`.
pub(super) fn parse_claim(text: &str) -> Result<String, &'static str> {
    if text.chars().count() <= MAX_SETTING && is_unquoted_word(text) {
        Ok(text.to_owned())
    } else {
        Err("the name of a claim of at most 70 characters is expected, without spaces, such as email")
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// True without spaces, and without a quote, which would end the value in the environment file.
fn is_unquoted_word(text: &str) -> bool {
    !text.contains(|c: char| c.is_whitespace() || c == '\'')
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::model::UserId;

    #[test]
    fn a_user_id_is_accepted_exactly_if_the_functions_accept_it() {
        let characters = (0..=u8::MAX).map(|code| char::from(code).to_string());
        let lengths = [0, 255, 256].map(|length| "x".repeat(length));
        let reserved = ["..", "...", "service:", "service:a", "service", "Service:a"].map(str::to_owned);
        for user in characters.chain(lengths).chain(reserved) {
            assert_eq!(parse_user(&user).is_ok(), UserId::parse(&user).is_ok(), "{user:?}");
        }
    }

    #[test]
    fn lifetimes_may_have_units() {
        let times = [("900", 900), ("15m", 900), ("8h", 28800), ("24h", 86_400), ("5s", 5), ("1h 30m", 5400)];
        for (text, seconds) in times {
            assert_eq!(parse_lifetime(text).as_deref(), Ok(&Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn a_lifetime_is_at_most_24_hours() {
        for text in ["86401", "24h 1s", "2d", "1year", "4294967295"] {
            assert!(parse_lifetime(text).unwrap_err().contains("24 hours"), "{text}");
        }
    }
    #[test]
    fn an_invitation_url_is_https_or_on_localhost_and_has_no_fragment() {
        let longest = format!("https://app.example.com/{}", "x".repeat(46));
        for text in [
            "",
            "https://app.example.com",
            "https://app.example.com/",
            "https://app.example.com:8443/join?via=mail",
            "https://app.example.com?join",
            "http://localhost",
            "http://localhost/join",
            "http://localhost:5173/join",
            &longest,
        ] {
            assert!(parse_invitation_url(text).is_ok(), "{text}");
        }
        for text in [
            "app.example.com",
            "https://",
            "https:///join",
            "ftp://localhost",
            "http://app.example.com",
            "http://localhost.example.com",
            "http://localhost:",
            "http://localhost:x/join",
            "http://localhost?join",
            "https://app.example.com/#join",
            "https://app.example.com/a b",
            "https://app.example.com/it's",
            &format!("{longest}x"),
        ] {
            assert!(parse_invitation_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_name_of_a_claim_may_be_a_url() {
        for text in ["", "email", "https://example.com/email", &"x".repeat(70)] {
            assert!(parse_claim(text).is_ok(), "{text}");
        }
        for text in ["an email", "e'mail", &"x".repeat(71)] {
            assert!(parse_claim(text).is_err(), "{text}");
        }
    }
}
