use super::Invalid;
use serde::{Deserialize, Serialize};

/// What a member may do, from most to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything; only an owner makes, demotes or removes an owner.
    Owner,
    /// Change the organization, its overage limit and its other admins and members.
    Admin,
    /// Read the organization and its members, and leave.
    Member,
}

impl Role {
    /// # Errors
    /// When the text names no role.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "owner" => Ok(Self::Owner),
            "admin" => Ok(Self::Admin),
            "member" => Ok(Self::Member),
            _ => Err(Invalid::new("role", "A role is one of: owner, admin, member.")),
        }
    }

    /// The role as it stands in bodies and items.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }
}
