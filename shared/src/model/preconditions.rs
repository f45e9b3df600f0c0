/// The preconditions of a request (RFC 9110 §13.1). An organization's entity tag is its version, so they
/// are about versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preconditions {
    /// `If-Match`: the organization must be at one of these versions.
    pub if_match: Option<Versions>,
    /// True if `If-Match` has a weak tag. Such a tag matches no version, so `if_match` does not list it.
    pub if_match_is_weak: bool,
    /// `If-None-Match`: the organization must not be at one of these versions.
    pub if_none_match: Option<Versions>,
}

/// The versions in a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Versions {
    /// `*`: every version.
    Any,
    /// These versions; an empty list has none.
    OneOf(Vec<u64>),
}

/// A precondition that failed, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// `If-Match` has only strong tags, and none is that of the current version.
    IfMatch,
    /// `If-Match` has a weak tag, and no strong tag is that of the current version.
    WeakIfMatch,
    /// `If-None-Match` has the tag of the current version.
    IfNoneMatch,
}

impl Preconditions {
    /// A request without preconditions.
    pub const NONE: Self = Self { if_match: None, if_match_is_weak: false, if_none_match: None };

    /// An `If-Match` with the tags of these versions.
    pub fn if_match(versions: Vec<u64>) -> Self {
        Self { if_match: Some(Versions::OneOf(versions)), ..Self::NONE }
    }

    /// An `If-None-Match` with the tags of these versions.
    pub fn if_none_match(versions: Vec<u64>) -> Self {
        Self { if_none_match: Some(Versions::OneOf(versions)), ..Self::NONE }
    }

    /// The first precondition that fails for an organization at `version`, in the order of RFC 9110
    /// §13.2.2.
    pub fn failed_at(&self, version: u64) -> Option<Precondition> {
        if self.if_match.as_ref().is_some_and(|versions| !versions.contain(version)) {
            Some(if self.if_match_is_weak { Precondition::WeakIfMatch } else { Precondition::IfMatch })
        } else {
            let excluded = self.if_none_match.as_ref().is_some_and(|versions| versions.contain(version));
            excluded.then_some(Precondition::IfNoneMatch)
        }
    }
}

impl Versions {
    fn contain(&self, version: u64) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }
}
