use serde::Serialize;
use ulid::Ulid;

const PREFIX: &str = "org_";

/// `org_` and a [ULID](https://github.com/ulid/spec). ULIDs are unique without coordination and sort by
/// time of creation, so lists of organizations do, too.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct OrganizationId(String);

impl OrganizationId {
    /// A new id from the current time in milliseconds and 80 random bits.
    pub fn generate() -> Self {
        Self(format!("{PREFIX}{}", Ulid::generate()))
    }

    /// Parses the canonical spelling and returns `None` for any other. Crockford's alphabet has aliases
    /// (`i` for `1`, lower case); accepting them would give an organization several paths.
    pub fn parse(text: &str) -> Option<Self> {
        let ulid = text.strip_prefix(PREFIX)?;
        let canonical = Ulid::from_string(ulid).ok()?.to_string();
        (canonical == ulid).then(|| Self(text.to_owned()))
    }

    /// The id with these bits.
    pub(super) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(format!("{PREFIX}{}", Ulid::from_bytes(bytes)))
    }

    /// The ULID's 128 bits.
    pub(super) fn to_bytes(&self) -> [u8; 16] {
        let ulid = self.0.strip_prefix(PREFIX).and_then(|ulid| Ulid::from_string(ulid).ok());
        ulid.unwrap_or_default().to_bytes()
    }

    /// The id, as in paths, bodies and keys.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_id_parses() {
        let id = OrganizationId::generate();
        assert_eq!(OrganizationId::parse(id.as_str()), Some(id));
    }

    #[test]
    fn only_the_canonical_spelling_parses() {
        assert!(OrganizationId::parse("org_01ARZ3NDEKTSV4RRFFQ69G5FAV").is_some());
        for text in [
            "",
            "org_",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "ORG_01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "org_01arz3ndektsv4rrffq69g5fav",
            "org_O1ARZ3NDEKTSV4RRFFQ69G5FAV",
            "org_81ARZ3NDEKTSV4RRFFQ69G5FAV",
            "org_01ARZ3NDEKTSV4RRFFQ69G5FA",
            "org_01ARZ3NDEKTSV4RRFFQ69G5FAVX",
            "org_01ARZ3NDEKTSV4RRFFQ69G5FA#",
            "org_01ARZ3NDEKTSV4RRFFQ69G5FAé",
        ] {
            assert_eq!(OrganizationId::parse(text), None, "{text}");
        }
    }
}
