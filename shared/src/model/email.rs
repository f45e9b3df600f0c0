use super::{Domain, Invalid};
use serde::{Deserialize, Serialize};

/// An e-mail address in lower case, without quoted or internationalized local parts and without address
/// literals.
///
/// It has no `Debug`, so that it cannot be logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email(String);

impl Email {
    /// The limit of a path in SMTP, without its angle brackets (RFC 5321 §4.5.3.1.3).
    const MAX_BYTES: usize = 254;
    /// RFC 5321 §4.5.3.1.1.
    const MAX_LOCAL_BYTES: usize = 64;

    /// Trims `text` and lowers its case. The domain follows the rules of [`Domain`].
    ///
    /// # Errors
    /// When `text` is not such an address.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let email = text.trim().rsplit_once('@').and_then(|(local, domain)| {
            // Domains are trimmed, but a space after the `@` is a mistake.
            let domain = Domain::parse(domain).ok().filter(|_| domain.trim() == domain)?;
            let email = format!("{}@{}", local.to_ascii_lowercase(), domain.as_str());
            (is_local_part(local) && email.len() <= Self::MAX_BYTES).then_some(Self(email))
        });
        email.ok_or(Invalid::new(
            "email",
            "The e-mail address must be name@example.com: a local part of 1 to 64 ASCII letters, digits and \
             !#$%&'*+-/=?^_`{|}~ with single dots inside, and a domain; at most 254 bytes.",
        ))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A dot-string of atoms (RFC 5321 §4.1.2, RFC 5322 §3.2.3).
fn is_local_part(local: &str) -> bool {
    let is_atext = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    local.len() <= Email::MAX_LOCAL_BYTES
        && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_trimmed_lowered_and_in_ascii() {
        for (text, email) in [
            (" Bob@Example.COM ", "bob@example.com"),
            ("a.b+c@example.com", "a.b+c@example.com"),
            ("!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"),
            ("bob@bücher.example", "bob@xn--bcher-kva.example"),
            ("bob@example.com.", "bob@example.com"),
        ] {
            assert_eq!(Email::parse(text).unwrap().as_str(), email);
        }
        let longest = format!("{}@{}.example.com", "a".repeat(64), "b.".repeat(88) + "b");
        assert_eq!(longest.len(), 254);
        assert!(Email::parse(&longest).is_ok());
    }

    #[test]
    fn other_addresses_are_refused() {
        for text in [
            "",
            "@",
            "bob",
            "@example.com",
            "bob@",
            "bob@localhost",
            "bob@co.uk",
            "bob@127.0.0.1",
            "bob@[127.0.0.1]",
            "bob @example.com",
            "bob@ example.com",
            "b b@example.com",
            "\"bob\"@example.com",
            ".bob@example.com",
            "bob.@example.com",
            "b..b@example.com",
            "bob@x@example.com",
            "böb@example.com",
            "bob\n@example.com",
            &format!("{}@example.com", "a".repeat(65)),
            &format!("{}@{}.example.com", "a".repeat(64), "b.".repeat(89)),
        ] {
            assert_eq!(Email::parse(text).err().unwrap().rule, "email", "{text}");
        }
    }
}
