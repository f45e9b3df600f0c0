//! What clients know from earlier answers. Their requests refer to it.

use crate::action::{Action, Reference};
use crate::answer::Answer;
use crate::request::{Call, Request};
use crate::values::{NO_INVITATION, NO_TOKEN, NOWHERE};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use std::collections::BTreeMap;

/// The length of the ids at the start of a token, in bytes.
const IDS_IN_TOKEN: usize = 32;

/// An invitation's token, from the answer that issued it.
#[derive(Debug, Clone)]
pub struct Issued {
    pub organization: String,
    pub invitation: String,
    pub token: String,
}

#[derive(Debug, Default)]
pub struct Known {
    /// The ids of organizations, in the order of their creation.
    pub created: Vec<String>,
    pub issued: Vec<Issued>,
    /// The latest versions seen.
    versions: BTreeMap<String, u64>,
}

impl Known {
    /// The request to send.
    pub fn call(&self, request: &Request) -> Call {
        let action = &request.action;
        let reference = action.reference().map(|reference| self.text(reference, action.has_token()));
        let issued = match action.reference() {
            Some(Reference::Issued(back) | Reference::Mixed(back, _)) if action.has_token() => {
                self.back(back)
            }
            _ => None,
        };
        let nowhere = || NOWHERE[request.organization % NOWHERE.len()].to_owned();
        let organization = match issued {
            Some(issued) => issued.organization.clone(),
            None => self.created.get(request.organization).cloned().unwrap_or_else(nowhere),
        };
        let version = self.versions.get(&organization).copied().unwrap_or(1);
        let reference = reference.unwrap_or_default();
        Call { request: request.clone(), organization, version, reference, page: None }
    }

    /// Learns ids, tokens and versions from an answer.
    pub fn learn(&mut self, call: &Call, answer: &Answer) {
        let text = |field: &str| answer.body[field].as_str().map(str::to_owned);
        let organization = match call.action() {
            Action::CreateOrganization { .. } => text("id"),
            _ => Some(call.organization.clone()),
        };
        if let Action::CreateOrganization { .. } = call.action() {
            self.created.extend(organization.clone().filter(|id| !self.created.contains(id)));
        }
        if let (Action::CreateInvitation { .. }, Some(invitation), Some(token)) =
            (call.action(), text("id"), text("token"))
        {
            let organization = call.organization.clone();
            self.issued.push(Issued { organization, invitation, token });
        }
        if let (Some(organization), Some(etag)) = (organization, &answer.etag) {
            self.versions.insert(organization, etag.trim_matches('"').parse().unwrap());
        }
    }

    /// The token that was issued this many answers before the last one.
    pub fn back(&self, back: usize) -> Option<&Issued> {
        self.issued.iter().rev().nth(back).or(self.issued.first())
    }

    /// The id or the token that a request sends.
    fn text(&self, reference: Reference, is_token: bool) -> String {
        match reference {
            Reference::Issued(back) => match self.back(back) {
                Some(issued) if is_token => issued.token.clone(),
                Some(issued) => issued.invitation.clone(),
                None if is_token => NO_TOKEN[0].to_owned(),
                None => NO_INVITATION[0].to_owned(),
            },
            Reference::Mixed(ids, secret) => match (self.back(ids), self.back(secret)) {
                (Some(ids), Some(secret)) => mixed(&ids.token, &secret.token),
                _ => NO_TOKEN[0].to_owned(),
            },
            Reference::Unknown(text) => text.to_owned(),
        }
    }
}

/// A token with the ids of one token and the secret of another.
fn mixed(ids: &str, secret: &str) -> String {
    let bytes = |token: &str| {
        let text = token.strip_prefix("invt_").unwrap_or_default();
        BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
    };
    let bytes = [&bytes(ids)[..IDS_IN_TOKEN], &bytes(secret)[IDS_IN_TOKEN..]].concat();
    format!("invt_{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
}
