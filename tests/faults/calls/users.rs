//! Calls that erase a user.

use super::Call;
use crate::filling::Filled;
use functions::Operation::DeleteUser;
use support::example::SERVICE;

pub(super) fn calls() -> Vec<Call> {
    let erase = |how: &str, status| Call::new(how, DeleteUser, status);
    vec![
        erase("erase a user by a service", 200).by(SERVICE).like_another(),
        erase("erase a user of no organization", 200).by("eve"),
        erase("erase an only owner among others", 422).by("ann"),
        erase("erase an only owner among others, of many organizations", 422)
            .on(Filled::WithMany)
            .by("ann")
            .like_another(),
        erase("erase a member of a deleted organization", 200).on(Filled::Deleted).like_another(),
        erase("erase the owner of a deleted organization", 200).on(Filled::Deleted).by("ann"),
        erase("erase a member of one that is gone", 200).on(Filled::Gone),
        erase("erase another user", 403).about("bob").like_another(),
        erase("erase an invalid id", 422).by(SERVICE).about("no id").like_another(),
    ]
}
