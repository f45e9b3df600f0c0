//! An organization, and the changes that requests have made to it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use support::invariants;

/// An organization. The roles of its team never change; guests and invitations come and go.
pub(crate) struct Organization {
    pub(crate) id: String,
    /// Owner, admin, member; or only the owner.
    pub(crate) team: Vec<String>,
    created_by: String,
    is_deleted: AtomicBool,
    /// Guests that no running request uses.
    guests: Mutex<Vec<Guest>>,
    /// Pending invitations that no running request uses.
    invitations: Mutex<Vec<Invitation>>,
    /// Who has accepted each invitation.
    accepted: Mutex<BTreeMap<String, String>>,
    /// The number of changes that were answered as done.
    changes: AtomicU64,
    /// The sum of the units that were answered as recorded. While requests run, it may be less than 0.
    used: AtomicI64,
}

/// A member that requests may change and remove.
#[derive(Clone)]
pub(crate) struct Guest {
    pub(crate) id: String,
    pub(crate) role: &'static str,
}

/// A pending invitation, for guests who become members.
#[derive(Clone)]
pub(crate) struct Invitation {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) email: Option<String>,
}

impl Organization {
    pub(crate) fn new(id: &str, team: Vec<String>) -> Self {
        Self {
            id: id.to_owned(),
            created_by: team[0].clone(),
            team,
            is_deleted: AtomicBool::new(false),
            guests: Mutex::default(),
            invitations: Mutex::default(),
            accepted: Mutex::default(),
            changes: AtomicU64::new(0),
            used: AtomicI64::new(0),
        }
    }

    /// Takes a guest, if there is one, so that only one request uses it.
    pub(crate) fn take_guest(&self) -> Option<Guest> {
        self.guests.lock().unwrap().pop()
    }

    /// Takes a pending invitation, if there is one, so that only one request uses it.
    pub(crate) fn take_invitation(&self) -> Option<Invitation> {
        self.invitations.lock().unwrap().pop()
    }

    /// The number of pending invitations that no running request uses.
    pub(crate) fn invitations(&self) -> usize {
        self.invitations.lock().unwrap().len()
    }

    /// Counts a change.
    pub(crate) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts what a report recorded.
    pub(crate) fn recorded(&self, units: i64) {
        self.used.fetch_add(units, Ordering::Relaxed);
    }

    /// The total that the table must contain.
    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed).try_into().expect("no total below 0")
    }

    /// Counts a deletion or a restoration.
    pub(crate) fn deleted(&self, is_deleted: bool) {
        self.is_deleted.store(is_deleted, Ordering::Relaxed);
        self.changed();
    }

    /// Remembers who has accepted an invitation.
    pub(crate) fn accepted(&self, invitation: Invitation, guest: &Guest) {
        self.accepted.lock().unwrap().insert(invitation.id, guest.id.clone());
    }

    /// Returns a guest for reuse.
    pub(crate) fn keep_guest(&self, guest: Guest) {
        self.guests.lock().unwrap().push(guest);
    }

    /// Returns an invitation for reuse, as the first to be taken.
    pub(crate) fn keep_invitation(&self, invitation: Invitation) {
        self.invitations.lock().unwrap().push(invitation);
    }

    /// What the table must contain.
    pub(crate) fn expected(&self) -> invariants::Organization {
        let guests = self.guests.lock().unwrap();
        let member = |(id, role): (&String, &str)| (id.clone(), role.to_owned());
        let team = self.team.iter().zip(["owner", "admin", "member"]);
        let guests: BTreeMap<_, _> = guests.iter().map(|guest| (&guest.id, guest.role)).collect();
        let pending = self.invitations.lock().unwrap();
        let pending = pending.iter().map(|invitation| (invitation.id.clone(), None));
        let accepted = self.accepted.lock().unwrap();
        // No guest joins twice.
        let joined_by = accepted.iter().filter(|(_, guest)| guests.contains_key(*guest));
        let joined_by = joined_by.map(|(id, guest)| (guest.clone(), id.clone())).collect();
        let accepted = accepted.iter().map(|(id, guest)| (id.clone(), Some(guest.clone())));
        invariants::Organization {
            members: team.chain(guests).map(member).collect(),
            version: 1 + self.changes.load(Ordering::Relaxed),
            is_deleted: self.is_deleted.load(Ordering::Relaxed),
            is_gone: false,
            created_by: self.created_by.clone(),
            external_id: None,
            invitations: pending.chain(accepted).collect(),
            joined_by,
        }
    }
}
