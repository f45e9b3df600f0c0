/// The versions at which an organization may be changed: the condition in `If-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedVersion {
    /// Any version: there is no condition, or it is `*`.
    Any,
    /// One of these versions; an empty list allows none.
    OneOf(Vec<u64>),
}

impl ExpectedVersion {
    /// True if an organization at `version` may be changed.
    pub fn matches(&self, version: u64) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }
}
