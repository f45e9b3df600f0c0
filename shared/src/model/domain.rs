use super::Invalid;
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::Serialize;

/// A domain name that somebody can own: neither an IP address nor a public suffix
/// (<https://publicsuffix.org>). In ASCII form, lower case, without a trailing dot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Domain(String);

impl Domain {
    /// Trims `text`, drops one trailing dot and applies UTS #46 (lower case, NFC, Punycode). Labels are
    /// limited to RFC 1035's lengths and RFC 1123's letters, digits and hyphens.
    ///
    /// # Errors
    /// When `text` breaks one of these rules.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let text = text.strip_suffix('.').unwrap_or(text);
        let ascii = Uts46::new()
            .to_ascii(text.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
            .map_err(|_| {
                Invalid::new(
                    "syntax",
                    "The domain must be a host name such as example.com: labels of 1 to 63 letters, digits and hyphens, at most 253 bytes in ASCII form.",
                )
            })?;
        let Some((_, last)) = ascii.rsplit_once('.') else {
            return Err(Invalid::new(
                "labels",
                "The domain must have at least two labels, such as example.com.",
            ));
        };
        if ends_in_a_number(last) {
            return Err(Invalid::new("ip_address", "The domain must be a name, not an IP address."));
        }
        if psl::domain_str(&ascii).is_none() {
            return Err(Invalid::new(
                "public_suffix",
                "The domain must not be a public suffix such as co.uk. Send a name registered under the suffix.",
            ));
        }
        Ok(Self(ascii.into_owned()))
    }

    /// The ASCII form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// True if URL parsers would read the host as an IPv4 address in any of its spellings
/// (<https://url.spec.whatwg.org/#ends-in-a-number-checker>). No top-level domain is numeric.
fn ends_in_a_number(last_label: &str) -> bool {
    last_label.bytes().all(|byte| byte.is_ascii_digit())
        || last_label.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> &'static str {
        Domain::parse(text).unwrap_err().rule
    }

    #[test]
    fn names_are_normalized_to_ascii() {
        for (text, ascii) in [
            (" EXAMPLE.com. ", "example.com"),
            ("bücher.example.com", "xn--bcher-kva.example.com"),
            ("xn--bcher-kva.example.com", "xn--bcher-kva.example.com"),
            ("example。com", "example.com"),
            ("a--b.example", "a--b.example"),
            ("internal.corp-name.test", "internal.corp-name.test"),
        ] {
            assert_eq!(Domain::parse(text).unwrap().as_str(), ascii);
        }
    }

    #[test]
    fn suffixes_and_addresses_are_refused() {
        assert_eq!(rule("co.uk"), "public_suffix");
        assert_eq!(rule("github.io"), "public_suffix");
        assert_eq!(rule("localhost"), "labels");
        assert_eq!(rule("com"), "labels");
        for address in ["1.2.3.4", "127.1", "10.0.0.0x7f", "0x7f.0x1"] {
            assert_eq!(rule(address), "ip_address", "{address}");
        }
    }

    #[test]
    fn malformed_host_names_are_refused() {
        let long_label = format!("{}.com", "a".repeat(64));
        let long_name = format!("{}com", "abcdefghi.".repeat(26));
        for text in [
            "",
            ".",
            "..",
            "example..com",
            "example.com..",
            ".example.com",
            "exa mple.com",
            "exa_mple.com",
            "-a.com",
            "a-.com",
            "[::1]",
            "http://example.com",
            "example.com/",
            "me@example.com",
            "xn--a.com",
            &long_label,
            &long_name,
        ] {
            assert_eq!(rule(text), "syntax", "{text}");
        }
        let just_fits = format!("{}abc", "abcdefghi.".repeat(25));
        assert_eq!(just_fits.len(), 253);
        assert!(Domain::parse(&just_fits).is_ok());
    }
}
