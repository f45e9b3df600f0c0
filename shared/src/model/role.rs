use super::Invalid;
use serde::{Deserialize, Serialize};

/// A member's role, from the most to the least privileged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May do everything. Only owners may add, demote or remove an owner, or promote a member to owner.
    Owner,
    /// May do what members may, and change the organization, its overage limit, its admins and its members.
    Admin,
    /// May read the organization and its members, and leave.
    Member,
}

impl Role {
    /// Parses the name of a role.
    ///
    /// # Errors
    /// When there is no role with this name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "owner" => Ok(Self::Owner),
            "admin" => Ok(Self::Admin),
            "member" => Ok(Self::Member),
            _ => Err(Invalid::new("role", "The role must be owner, admin or member.")),
        }
    }

    /// The role's name, as in bodies and items.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }
}
