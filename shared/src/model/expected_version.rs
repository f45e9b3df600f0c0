/// What `If-Match` demands of an organization's version before it is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedVersion {
    /// No condition, or `*`: any version of an organization that exists.
    Any,
    /// One of these; with none of them, no version will do.
    OneOf(Vec<u64>),
}

impl ExpectedVersion {
    /// Whether an organization at `version` may be changed.
    pub fn matches(&self, version: u64) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }
}
