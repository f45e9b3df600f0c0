/// What a developer can set for the functions. Each field is a parameter of template.yaml, and has its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `MaxOrganizationsPerUser`: how many organizations a user may have created.
    pub max_organizations_per_user: u32,
    /// `DeletedOrganizationDays`: for how many days a deleted organization can be restored.
    pub deleted_organization_days: u32,
    /// `InvitationUrl`: the page where users accept invitations, or nothing.
    pub invitation_url: String,
    /// `InviteeEmailClaim`: the claim with the address that an invitation is compared with, or nothing.
    pub invitee_email_claim: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_organizations_per_user: 100,
            deleted_organization_days: 30,
            invitation_url: String::new(),
            invitee_email_claim: String::new(),
        }
    }
}

impl Settings {
    /// The functions' variables.
    pub(crate) fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("MAX_ORGANIZATIONS_PER_USER", self.max_organizations_per_user.to_string()),
            ("DELETED_ORGANIZATION_DAYS", self.deleted_organization_days.to_string()),
            ("INVITATION_URL", self.invitation_url.clone()),
            ("INVITEE_EMAIL_CLAIM", self.invitee_email_claim.clone()),
        ]
    }
}
