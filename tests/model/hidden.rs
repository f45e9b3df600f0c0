//! Nothing of a deleted organization is visible, except to its owners, who can restore it.

use crate::action::{Action, Reference};
use crate::clients::Answered;
use crate::instance::Instance;
use crate::known::Known;
use crate::request::Request;
use crate::values::USERS;
use support::database::Database;
use support::invariants::Contents;

/// Checks what every user sees of each deleted organization, and that no token leads to it.
pub async fn check(contents: &mut Contents, database: &Database, all: &[Answered]) {
    let mut known = Known::default();
    all.iter().for_each(|answered| known.learn(&answered.call, &answered.answer));
    let instance = Instance::on(database.url()).await;
    let mut wrong = Vec::new();
    for (index, id) in known.created.iter().enumerate() {
        let Some(found) = contents.organizations.get(id).filter(|found| found.is_deleted) else { continue };
        for user in USERS {
            let ask = async |action| {
                let request = Request { organization: index, ..Request::plain(user, action) };
                instance.send(&known.call(&request)).await
            };
            let owns = !found.is_gone && found.members.get(user).is_some_and(|role| role == "owner");
            let refused = Some(if owns { "organization_deleted" } else { "organization_not_found" });
            for (action, expected) in [
                (Action::GetOrganization, refused.filter(|_| !owns)),
                (Action::ListMembers { limit: None }, refused),
                (Action::GetMember { user }, refused),
                (Action::ListInvitations { limit: None }, refused),
                (Action::RemoveMember { user }, refused),
            ] {
                let answer = ask(action.clone()).await;
                if answer.code() != expected {
                    wrong.push(format!("{user} {action:?}: {answer:?}"));
                }
            }
            for (deleted, is_listed) in [(None, false), (Some("true"), owns)] {
                let list = ask(Action::list(deleted)).await;
                if list.body.as_array().unwrap().iter().any(|one| one["id"] == *id.as_str()) != is_listed {
                    wrong.push(format!("{user} lists with deleted={deleted:?}: {}", list.body));
                }
            }
            for back in (0..known.issued.len()).filter(|back| known.back(*back).unwrap().organization == *id)
            {
                let token = Reference::Issued(back);
                for action in [Action::PreviewInvitation { token }, Action::AcceptInvitation { token }] {
                    let answer = ask(action.clone()).await;
                    if answer.code() != Some("invitation_not_found") {
                        wrong.push(format!("{user} {action:?}: {answer:?}"));
                    }
                }
            }
        }
    }
    contents.must(wrong.is_empty(), "visible after its deletion", &wrong.join("\n"));
}
