//! Puts `ORG#<id>`/`ORG#<id>` and `USER#<caller>`/`ORG#<id>`, both or neither: an organization has
//! an owner, and is in that owner's list, from its first moment. Guard: both are new.

use super::Store;
use super::items::{self, MembershipItem, OrganizationItem};
use super::keys::Item;
use super::transaction::Step;
use crate::error::Error;
use crate::model::{Member, NewOrganization, Organization, OrganizationId, Role, UserId};
use aws_sdk_dynamodb::types::Put;

const NEW: &str = "attribute_not_exists(pk)";

impl Store {
    /// Creates an organization with `caller` as its owner.
    ///
    /// # Errors
    /// [`Error::Conflict`], [`Error::ServiceUnavailable`], [`Error::Internal`].
    pub async fn create_organization(
        &self,
        caller: &UserId,
        new: NewOrganization,
    ) -> Result<Organization, Error> {
        let id = OrganizationId::generate();
        let name = new.name.as_str().to_owned();
        let domain = new.domain.map(|domain| domain.as_str().to_owned());
        let organization = OrganizationItem::new(&id, caller, name, domain);
        let membership = MembershipItem::new(&Member {
            organization_id: id.clone(),
            user_id: caller.clone(),
            role: Role::Owner,
            added_by: caller.clone(),
            joined_at: organization.created_at.clone(),
        });
        let put_organization = self.put(items::write(&organization)?)?;
        let put_membership = self.put(items::write(&membership)?)?;
        match self.transact(put_organization, put_membership).await? {
            Ok(()) => Ok(organization.into_organization(id, Some(Role::Owner))),
            Err(_) => Err(Error::Internal("a new organization id was taken".into())),
        }
    }

    /// Puts an item that must be new.
    pub(super) fn put(&self, item: Item) -> Result<Step, Error> {
        let put =
            Put::builder().table_name(&*self.table).set_item(Some(item)).condition_expression(NEW).build();
        put.map(Step::Put).map_err(|error| Error::Internal(error.into()))
    }
}
