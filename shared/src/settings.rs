//! What a deployment may set, apart from the table and the tokens that it trusts.

/// The settings of operations.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `MAX_ORGANIZATIONS_PER_USER`: how many organizations a user may create.
    pub max_organizations_per_user: u32,
    /// `DELETED_ORGANIZATION_DAYS`: how many days a deleted organization can be restored.
    pub deleted_organization_days: u32,
    /// `EVENT_RETENTION_DAYS`: how many days an event is kept.
    pub event_retention_days: u32,
    /// `INVITATION_URL`: the page that accepts invitations. An invitation's token is appended as a fragment,
    /// which browsers send to no server.
    pub invitation_url: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_organizations_per_user: 100,
            deleted_organization_days: 30,
            event_retention_days: 400,
            invitation_url: None,
        }
    }
}

impl Settings {
    /// Reads the settings from the environment. A variable that is not set, or empty, has its default.
    ///
    /// # Errors
    /// When a variable is malformed.
    pub fn from_env() -> Result<Self, String> {
        let default = Self::default();
        Ok(Self {
            max_organizations_per_user: number(
                "MAX_ORGANIZATIONS_PER_USER",
                1_000_000,
                default.max_organizations_per_user,
            )?,
            deleted_organization_days: number(
                "DELETED_ORGANIZATION_DAYS",
                365,
                default.deleted_organization_days,
            )?,
            event_retention_days: number("EVENT_RETENTION_DAYS", 3650, default.event_retention_days)?,
            invitation_url: match text("INVITATION_URL") {
                Some(url) if url.contains('#') => {
                    return Err(
                        "INVITATION_URL must have no fragment: the token becomes its fragment".to_owned()
                    );
                }
                url => url,
            },
        })
    }
}

/// A variable, unless it is empty.
pub(crate) fn text(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn number(name: &str, max: u32, default: u32) -> Result<u32, String> {
    let Some(text) = text(name) else { return Ok(default) };
    let number = text.parse().ok().filter(|number| (1..=max).contains(number));
    number.ok_or_else(|| format!("{name} must be an integer from 1 to {max}"))
}
