use crate::{hold, runtime};
use functions::Operation;
use lambda_http::Body;
use lambda_http::{Context, LambdaEvent};
use serde_json::Value;
use shared::edge::Event;
use shared::error::Error;
use shared::model::{
    Caller, ExternalId, NewOrganization, OrganizationId, OrganizationName, Preconditions, Role, UserId,
};
use shared::store::Store;
use std::cell::{Cell, RefCell};
use support::database::{Database, store};
use support::example::Place;
use support::in_process;
use support::invariants::Contents;
use tokio::runtime::Runtime;

/// The number of inputs per world. With more inputs the table would grow and slow down.
const MAX_INPUTS: usize = 500;

/// Stands for the organization's id in inputs, which cannot know it.
const ORGANIZATION: &str = "org_01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// Stands for the id of the last invitation that was issued.
const INVITATION: &str = "inv_01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// Stands for its token.
const TOKEN: &str = "invt_TOKEN";

/// The functions, and a table with an organization of `ann`, where `bob` is an admin and `cyd` a member, and an
/// invitation for anybody.
pub struct World {
    store: Store,
    organization: OrganizationId,
    /// The id and the token of the last invitation that was issued.
    invitation: RefCell<(String, String)>,
    /// True if the input may have deleted the organization.
    may_be_deleted: Cell<bool>,
    database: Database,
    runtime: Runtime,
}

thread_local! {
    static WORLD: RefCell<(usize, Option<World>)> = const { RefCell::new((0, None)) };
}

impl World {
    /// Runs an input in a world. After `MAX_INPUTS` inputs, checks the table and starts a new world.
    pub fn with(attempt: impl FnOnce(&Self)) {
        WORLD.with_borrow_mut(|(inputs, world)| {
            *inputs += 1;
            if inputs.is_multiple_of(MAX_INPUTS)
                && let Some(old) = world.take()
            {
                old.runtime.block_on(Contents::read(&old.database.client)).expect_no_fault();
            }
            let world = world.get_or_insert_with(Self::new);
            attempt(world);
            world.restore();
        });
    }

    fn new() -> Self {
        let runtime = runtime();
        let (database, store, place) = runtime.block_on(async {
            let database = Database::start().await;
            let store = store(database.url()).await;
            let place = Place::create(&store, "ann").await;
            (database, store, place)
        });
        let organization = OrganizationId::parse(&place.organization).unwrap();
        runtime.block_on(async {
            for (name, role) in [("bob", Role::Admin), ("cyd", Role::Member)] {
                let any = Preconditions::NONE;
                store.add_member(&user("billing"), &organization, user(name), role, &any).await.unwrap();
            }
        });
        let invitation = RefCell::new((place.invitation, place.token));
        let may_be_deleted = Cell::default();
        Self { store, organization, invitation, may_be_deleted, database, runtime }
    }

    /// Restores the organization if the input has deleted it. The next inputs would all be refused.
    fn restore(&self) {
        if self.may_be_deleted.take() {
            let (service, any) = (Caller::Service(user("billing")), Preconditions::NONE);
            let restored = self.store.restore_organization(&service, &self.organization, &any);
            self.runtime.block_on(restored).unwrap();
        }
    }

    /// Sends an event to the function of `operation`, and checks what holds for every response. Ignores
    /// invalid JSON, which Lambda refuses. Only an event without a request may get a 500.
    pub fn invoke(&self, operation: Operation, event: &str) {
        let event = event.replace(ORGANIZATION, self.organization.as_str());
        let event = {
            let (id, token) = &*self.invitation.borrow();
            event.replace(INVITATION, id).replace(TOKEN, token)
        };
        let Ok(event) = serde_json::from_str::<Event>(&event) else { return };
        let holds_a_request = event.holds_a_request();
        let event = LambdaEvent::new(event, Context::default());
        let response = self.runtime.block_on(in_process::invoke(operation, &self.store, event));
        if holds_a_request {
            hold(&response)
        } else {
            assert_eq!(response.status_code, 500)
        }
        self.may_be_deleted.set(self.may_be_deleted.get() || operation == Operation::DeleteOrganization);
        if let (Operation::CreateInvitation, Some(Body::Text(body))) = (operation, &response.body) {
            let issued: Value = serde_json::from_str(body).unwrap();
            if let (Some(id), Some(token)) = (issued["id"].as_str(), issued["token"].as_str()) {
                self.invitation.replace((id.to_owned(), token.to_owned()));
            }
        }
    }

    /// Creates an organization with an external id, unless there is one, and finds it by the id.
    pub fn create_and_find(&self, id: &ExternalId) {
        let (billing, ann) = (user("billing"), user("ann"));
        let name = OrganizationName::parse("Acme").unwrap();
        let new = NewOrganization { external_id: Some(id.clone()), ..NewOrganization::new(name, None) };
        self.runtime.block_on(async {
            let before = self.store.organization_by_external_id(&billing, id).await.unwrap();
            let service = Caller::Service(billing.clone());
            let created = match self.store.create_organization(&service, &ann, new, None).await {
                Ok(created) if before.is_none() => created.organization.id,
                Err(Error::ExternalIdTaken) => before.unwrap().id,
                unexpected => panic!("{unexpected:?} after {before:?}"),
            };
            let found = self.store.organization_by_external_id(&billing, id).await.unwrap().unwrap();
            assert_eq!((found.id, found.external_id.as_ref()), (created, Some(id)));
        });
    }

    /// Lists what follows `position`, as `ann`.
    pub fn list_after(&self, position: &str) {
        self.runtime.block_on(async {
            let (ann, after) = (Caller::User(user("ann")), Some(position));
            for deleted in [false, true] {
                self.store.list_organizations(&user("ann"), deleted, 10, after).await.unwrap();
            }
            self.store.list_members(&ann, &self.organization, 10, after).await.unwrap();
            self.store.list_invitations(&ann, &self.organization, 10, after).await.unwrap();
        });
    }
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}
