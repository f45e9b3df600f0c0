//! The rules for writes to an existing organization. Each is defined once: the condition that DynamoDB
//! checks, next to the error that a client gets if it fails.
//!
//! An operation lists its rules in order of precedence. The first broken rule explains a refused write.

use super::items::{OrganizationItem, digest_of};
use super::keys::Item;
use crate::error::Error;
use crate::model::{Preconditions, Role, UserId, Versions};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

/// Maximum number of owners and admins together. Their digests are in the organization's item, and every
/// write pays for its size.
const MAX_PRIVILEGED: usize = 100;

/// What must hold for a write. The first two rules are conditions on the member's item, the others on
/// the organization's.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule<'a> {
    /// `target` is a member.
    IsMember { caller: &'a UserId, target: &'a UserId },
    /// The user to add is not a member.
    IsNoMember,
    /// The caller is an owner or an admin.
    Administers(&'a UserId),
    /// The caller is an owner.
    Owns(&'a UserId),
    /// The caller is an owner; or the caller is an admin, and `target` is not an owner. Only an owner can
    /// add an owner, so admins must not demote or remove owners either.
    Manages { caller: &'a UserId, target: &'a UserId },
    /// The version is one of those in `If-Match`, and none of those in `If-None-Match`.
    Preconditions(&'a Preconditions),
    /// The user is not the only owner.
    OwnerStays(&'a UserId),
    /// There is room for another owner or admin, or the user is one already.
    RoomForAdmin(&'a UserId),
}

/// The items that explain a refusal, all from the same moment.
#[derive(Debug)]
pub(super) struct Seen {
    /// `None` if the organization met all of its conditions.
    pub organization: Option<OrganizationItem>,
    /// True if the user to add, change or remove is a member.
    pub target_is_member: bool,
}

impl Rule<'_> {
    /// True for a rule about the member's item.
    pub(super) fn is_about_the_member(self) -> bool {
        matches!(self, Self::IsMember { .. } | Self::IsNoMember)
    }

    /// The condition that DynamoDB checks. Its values are added to `values`.
    pub(super) fn condition(self, values: &mut Item) -> String {
        let mut value = |name: &str, value| {
            values.insert(name.to_owned(), value);
        };
        match self {
            Self::IsMember { .. } => "attribute_exists(pk)".to_owned(),
            Self::IsNoMember => "attribute_not_exists(pk)".to_owned(),
            Self::Administers(caller) => {
                value(":caller", digest(caller));
                "contains(privileged, :caller)".to_owned()
            }
            Self::Owns(caller) => {
                value(":caller", digest(caller));
                "contains(owners, :caller)".to_owned()
            }
            Self::Manages { caller, target } => {
                value(":caller", digest(caller));
                value(":target", digest(target));
                "(contains(owners, :caller) OR (contains(privileged, :caller) AND NOT contains(owners, :target)))"
                    .to_owned()
            }
            Self::Preconditions(Preconditions { if_match, if_none_match, .. }) => {
                let matched = match if_match {
                    None | Some(Versions::Any) => "attribute_exists(version)".to_owned(),
                    Some(Versions::OneOf(versions)) => version_in(versions, ":match", &mut value),
                };
                match if_none_match {
                    None => matched,
                    Some(Versions::Any) => format!("{matched} AND attribute_not_exists(version)"),
                    Some(Versions::OneOf(versions)) => {
                        format!("{matched} AND NOT {}", version_in(versions, ":noneMatch", &mut value))
                    }
                }
            }
            Self::OwnerStays(user) => {
                value(":targets", set_of(user));
                "owners <> :targets".to_owned()
            }
            Self::RoomForAdmin(user) => {
                value(":target", digest(user));
                value(":max", AttributeValue::N(MAX_PRIVILEGED.to_string()));
                "(size(privileged) < :max OR contains(privileged, :target))".to_owned()
            }
        }
    }

    /// The error, if these items break the rule.
    pub(super) fn error(self, seen: &Seen) -> Option<Error> {
        match self {
            Self::IsMember { .. } if seen.target_is_member => None,
            // Non-members must not learn that the organization exists.
            Self::IsMember { caller, target } if caller == target => Some(Error::OrganizationNotFound),
            Self::IsMember { .. } => Some(Error::MemberNotFound),
            Self::IsNoMember => seen.target_is_member.then_some(Error::MemberAlreadyExists),
            rule => rule.organization_error(seen.organization.as_ref()?),
        }
    }

    fn organization_error(self, organization: &OrganizationItem) -> Option<Error> {
        let forbidden = |required| Some(Error::Forbidden { required });
        let is_owner = |user| organization.owners.contains(&digest_of(user));
        match self {
            Self::IsMember { .. } | Self::IsNoMember => None,
            Self::Administers(caller) if organization.is_privileged(caller) => None,
            Self::Administers(_) => forbidden(Role::Admin),
            Self::Owns(caller) if is_owner(caller) => None,
            Self::Owns(_) => forbidden(Role::Owner),
            Self::Manages { caller, .. } if is_owner(caller) => None,
            Self::Manages { target, .. } if is_owner(target) => forbidden(Role::Owner),
            Self::Manages { caller, .. } => Self::Administers(caller).organization_error(organization),
            Self::Preconditions(preconditions) => {
                let failed = preconditions.failed_at(organization.version);
                failed.map(|failed| failed.error_at(organization.version))
            }
            Self::OwnerStays(user) if organization.owners != [digest_of(user)] => None,
            Self::OwnerStays(_) => Some(Error::LastOwner),
            Self::RoomForAdmin(user) if organization.is_privileged(user) => None,
            Self::RoomForAdmin(_) if organization.privileged.len() < MAX_PRIVILEGED => None,
            Self::RoomForAdmin(_) => Some(Error::TooManyAdmins),
        }
    }
}

/// The condition that the version is one of these. The names of their values begin with `prefix`.
fn version_in(versions: &[u64], prefix: &str, value: &mut impl FnMut(&str, AttributeValue)) -> String {
    // `IN` needs an operand. Versions start at 1, so 0 never matches.
    let versions = if versions.is_empty() { &[0][..] } else { versions };
    let names: Vec<_> = (0..versions.len()).map(|place| format!("{prefix}{place}")).collect();
    for (name, version) in names.iter().zip(versions) {
        value(name, AttributeValue::N(version.to_string()));
    }
    format!("version IN ({})", names.join(", "))
}

/// A user as an element of an organization's sets.
fn digest(user: &UserId) -> AttributeValue {
    AttributeValue::B(blob(user))
}

/// A user as a set of one, for `ADD`, `DELETE` and comparisons.
pub(super) fn set_of(user: &UserId) -> AttributeValue {
    AttributeValue::Bs(vec![blob(user)])
}

fn blob(user: &UserId) -> Blob {
    Blob::new(digest_of(user).as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{NewOrganization, OrganizationId, OrganizationName, Timestamp};
    use crate::store::items;
    use crate::store::keys;
    use aws_sdk_dynamodb::Client;
    use std::collections::BTreeMap;

    const ITEMS: usize = 100;

    /// The rule without its arguments.
    fn name(rule: Rule<'_>) -> String {
        format!("{rule:?}").split(|character: char| !character.is_alphanumeric()).next().unwrap().to_owned()
    }

    /// Every rule for a caller and a target.
    fn rules<'a>(
        caller: &'a UserId,
        target: &'a UserId,
        preconditions: &'a [Preconditions],
    ) -> impl Iterator<Item = Rule<'a>> {
        let rules = [
            Rule::IsMember { caller, target },
            Rule::IsNoMember,
            Rule::Administers(caller),
            Rule::Owns(caller),
            Rule::Manages { caller, target },
            Rule::OwnerStays(target),
            Rule::RoomForAdmin(target),
        ];
        rules.into_iter().chain(preconditions.iter().map(Rule::Preconditions))
    }

    /// A random organization whose owners and admins include some of these users, often at the limit of
    /// owners and admins. Also returns whether the target is a member.
    fn generate(
        random: &mut fastrand::Rng,
        id: &OrganizationId,
        users: &[UserId],
    ) -> (OrganizationItem, bool) {
        let new = NewOrganization { name: OrganizationName::parse("Acme").unwrap(), domain: None };
        let mut item = OrganizationItem::new(id, &users[0], &new, Timestamp::now());
        let some = |random: &mut fastrand::Rng| -> Vec<_> {
            users.iter().filter(|_| random.bool()).map(digest_of).collect()
        };
        // DynamoDB has no empty sets, and an organization always has an owner.
        item.owners = vec![digest_of(&users[random.usize(..users.len())])];
        if random.bool() {
            item.owners.extend(some(random));
        }
        item.owners.sort_unstable_by_key(|digest| digest.into_array());
        item.owners.dedup();
        let fillers = [0, 96, 97, 98, 99, 100][random.usize(..6)];
        let fillers = (0..fillers).map(|number| digest_of(&user(&format!("filler{number}"))));
        item.privileged = item.owners.iter().copied().chain(some(random)).chain(fillers).collect();
        item.privileged.sort_unstable_by_key(|digest| digest.into_array());
        item.privileged.dedup();
        item.version = random.u64(1..4);
        (item, random.bool())
    }

    fn preconditions(random: &mut fastrand::Rng) -> Preconditions {
        let mut versions = || match random.usize(..6) {
            0 => None,
            1 => Some(Versions::Any),
            2 => Some(Versions::OneOf((2..52).collect())),
            length => Some(Versions::OneOf((3..length).map(|_| random.u64(1..4)).collect())),
        };
        Preconditions { if_match: versions(), if_none_match: versions(), ..Preconditions::NONE }
    }

    fn user(name: &str) -> UserId {
        UserId::parse(name).unwrap()
    }

    /// Puts the item at this key, or deletes what is there.
    async fn store(client: &Client, key: &Item, item: Option<Item>) {
        match item {
            Some(item) => {
                drop(client.put_item().table_name("table").set_item(Some(item)).send().await.unwrap())
            }
            None => {
                let delete = client.delete_item().table_name("table").set_key(Some(key.clone()));
                delete.send().await.unwrap();
            }
        }
    }

    /// True if the rule's condition holds in DynamoDB for the item at this key.
    async fn holds(client: &Client, rule: Rule<'_>, key: Item) -> bool {
        let mut values = Item::new();
        let condition = rule.condition(&mut values);
        let check =
            client.update_item().table_name("table").set_key(Some(key)).condition_expression(condition);
        let check = check.set_expression_attribute_values((!values.is_empty()).then_some(values));
        match check.send().await {
            Ok(_) => true,
            Err(error) => {
                let error = error.into_service_error();
                assert!(error.is_conditional_check_failed_exception(), "{rule:?}: {error:?}");
                false
            }
        }
    }

    #[tokio::test]
    async fn a_condition_holds_in_dynamodb_exactly_if_the_rule_has_no_error() {
        let dynamodb = local::start_in_memory().await.unwrap();
        let client = dynamodb.client();
        local::table::create(&client, "table").await.unwrap();
        let (id, users) = (OrganizationId::generate(), ["ann", "bob", "cyd"].map(user));
        let mut random = fastrand::Rng::with_seed(1);
        let mut verdicts: BTreeMap<_, [usize; 2]> = BTreeMap::new();
        for _ in 0..ITEMS {
            let (item, target_is_member) = generate(&mut random, &id, &users);
            let stored = items::write(&item).unwrap();
            let seen = Seen { organization: Some(item), target_is_member };
            let [caller, target] = [0, 1].map(|_| &users[random.usize(..users.len())]);
            store(&client, &keys::organization(&id), Some(stored.clone())).await;
            let preconditions = [0; 5].map(|_| preconditions(&mut random));
            for rule in rules(caller, target, &preconditions) {
                let mut key = keys::organization(&id);
                if rule.is_about_the_member() {
                    key = keys::member(&id, target);
                    // Reset this item: the previous update may have created it.
                    store(&client, &key, target_is_member.then(|| key.clone())).await;
                }
                let (holds, error) = (holds(&client, rule, key).await, rule.error(&seen));
                assert_eq!(holds, error.is_none(), "{rule:?}, {error:?}, stored as {stored:?}");
                verdicts.entry(name(rule)).or_default()[usize::from(holds)] += 1;
            }
        }
        assert_eq!(verdicts.len(), 8, "{verdicts:?}");
        assert!(verdicts.values().flatten().all(|times| *times > 0), "{verdicts:?}");
    }
}
