use crate::{hold, runtime};
use functions::Operation;
use lambda_http::{Context, LambdaEvent};
use shared::edge::Event;
use shared::model::{NewOrganization, OrganizationId, OrganizationName, Preconditions, Role, UserId};
use shared::store::Store;
use std::cell::RefCell;
use support::database::{Database, store};
use support::in_process;
use support::invariants::Contents;
use tokio::runtime::Runtime;

/// The number of inputs per world. With more inputs the table would grow and slow down.
const MAX_INPUTS: usize = 500;

/// Stands for the organization's id in inputs, which cannot know it.
const ORGANIZATION: &str = "org_01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// The functions, and a table with an organization of `ann`, where `bob` is an admin and `cyd` a member.
pub struct World {
    store: Store,
    organization: OrganizationId,
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
            attempt(world.get_or_insert_with(Self::new));
        });
    }

    fn new() -> Self {
        let runtime = runtime();
        let (database, store, organization) = runtime.block_on(async {
            let database = Database::start().await;
            let store = store(database.url()).await;
            let name = OrganizationName::parse("Acme").unwrap();
            let new = NewOrganization { name, domain: None };
            let id = store.create_organization(&user("ann"), new, None).await.unwrap().organization.id;
            for (name, role) in [("bob", Role::Admin), ("cyd", Role::Member)] {
                let any = Preconditions::NONE;
                store.add_member(&user("ann"), &id, user(name), role, &any).await.unwrap();
            }
            (database, store, id)
        });
        Self { store, organization, database, runtime }
    }

    /// Sends an event to the function of `operation`, and checks what holds for every response. Ignores
    /// invalid JSON, which Lambda refuses. Only an event without a request may get a 500.
    pub fn invoke(&self, operation: Operation, event: &str) {
        let event = event.replace(ORGANIZATION, self.organization.as_str());
        let Ok(event) = serde_json::from_str::<Event>(&event) else { return };
        let holds_a_request = event.holds_a_request();
        let event = LambdaEvent::new(event, Context::default());
        let response = self.runtime.block_on(in_process::invoke(operation, &self.store, event));
        if holds_a_request { hold(&response) } else { assert_eq!(response.status_code, 500) }
    }

    /// Lists what follows `position`, as `ann`.
    pub fn list_after(&self, position: &str) {
        self.runtime.block_on(async {
            self.store.list_organizations(&user("ann"), 10, Some(position)).await.unwrap();
            self.store.list_members(&user("ann"), &self.organization, 10, Some(position)).await.unwrap();
        });
    }
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}
