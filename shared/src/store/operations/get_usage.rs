//! Reads `ORG#<id>`/`ORG#<id>`, `ORG#<id>`/`USAGE#<period>` and, for a user, `USER#<caller>`/`ORG#<id>`, strongly
//! consistent, in one BatchGetItem. The limit and the total may be from different moments.

use crate::error::Error;
use crate::model::{Caller, OrganizationId, Period, Usage};
use crate::store::items::{self, UsageItem};
use crate::store::keys;
use crate::store::table::Store;

impl Store {
    /// What an organization has used in a billing period. A user who asks must be a member.
    ///
    /// # Errors
    /// [`Error::OrganizationNotFound`], [`Error::OrganizationDeleted`], [`Error::ServiceUnavailable`],
    /// [`Error::Internal`].
    pub async fn get_usage(
        &self,
        caller: &Caller,
        id: &OrganizationId,
        period: Period,
    ) -> Result<Usage, Error> {
        let (organization, [usage]) =
            self.readable_organization(caller, id, [keys::usage(id, period)]).await?;
        let usage = usage.map(items::read::<UsageItem>).transpose()?;
        let used = usage.map_or(0, |usage| usage.used_now());
        Ok(organization.limit().usage(id.clone(), period, used, None))
    }
}
