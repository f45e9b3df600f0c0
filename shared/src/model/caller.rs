use super::UserId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who sends a request, and who is named by fields such as `createdBy`.
///
/// In answers and items, a user is the user id, and a service is `service:` and its own id. No user id begins
/// that way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Caller {
    /// A person, with a role in each of the user's organizations.
    User(UserId),
    /// A backend. It needs no membership and no role.
    Service(UserId),
}

impl Caller {
    /// The user, unless it is a service.
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::User(user) => Some(user),
            Self::Service(_) => None,
        }
    }

    /// True for this user, and for no service.
    pub fn is_user(&self, user: &UserId) -> bool {
        self.user() == Some(user)
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => formatter.write_str(user.as_str()),
            Self::Service(service) => write!(formatter, "{}{}", UserId::SERVICE, service.as_str()),
        }
    }
}

impl From<Caller> for String {
    fn from(caller: Caller) -> Self {
        caller.to_string()
    }
}

impl TryFrom<String> for Caller {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let parsed = match text.strip_prefix(UserId::SERVICE) {
            Some(service) => UserId::parse(service).map(Self::Service),
            None => UserId::parse(&text).map(Self::User),
        };
        parsed.map_err(|invalid| invalid.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_never_the_user_of_the_same_name() {
        let ann = UserId::parse("ann").unwrap();
        for (caller, text) in
            [(Caller::User(ann.clone()), "ann"), (Caller::Service(ann.clone()), "service:ann")]
        {
            assert_eq!(caller.to_string(), text);
            assert_eq!(Caller::try_from(text.to_owned()), Ok(caller));
        }
        assert!(Caller::User(ann.clone()).is_user(&ann) && !Caller::Service(ann.clone()).is_user(&ann));
        assert!(Caller::try_from("service:".to_owned()).is_err());
    }
}
