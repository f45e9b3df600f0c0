//! Histories of organizations with every type of event, and what `record-events` sends of them.

use functions::Operation;
use functions::record_events::{Recorder, TIMEOUT};
use local::event_source::{EventSourceMapping, MappingOptions};
use serde_json::{Value, json};
use shared::store::Store;
use support::bus::{Bus, Entry};
use support::database::{self, Database};
use support::event::Request;
use support::in_process;

/// A service.
const BACKEND: &str = "service:backend";

/// A table, and the functions on it.
struct World {
    database: Database,
    store: Store,
}

/// What is sent of one organization with every type of event. docs/events.md shows it.
pub(super) async fn changes() -> Vec<Entry> {
    let world = World::start().await;
    world.every_type().await;
    world.sent().await
}

/// What is sent of more organizations, in which every field takes every kind of value.
pub(super) async fn with_variants() -> Vec<Entry> {
    let world = World::start().await;
    world.every_type().await;
    world.of_a_service().await;
    world.erased().await;
    world.sent().await
}

impl World {
    async fn start() -> Self {
        let database = Database::start().await;
        let store = database::store(database.url()).await;
        Self { database, store }
    }

    /// Sends a request that must succeed. Returns the body of the answer.
    async fn send(&self, operation: Operation, caller: &str, path: &[(&str, &str)], body: Value) -> Value {
        let request = path
            .iter()
            .fold(Request::new(operation, caller), |request, (name, value)| request.of(name, value));
        let request = if body.is_null() { request } else { request.body(body) };
        in_process::body(&request, &self.store).await.unwrap()
    }

    async fn create(&self, caller: &str, body: Value) -> String {
        id_of(&self.send(Operation::CreateOrganization, caller, &[], body).await)
    }

    /// Every type of event, each for the first time with the values that docs/events.md shows.
    async fn every_type(&self) {
        use Operation as Op;
        let acme = self.create("ann", json!({ "organizationName": "Acme", "domain": "acme.example" })).await;
        let of = [("organization_id", &*acme)];
        self.send(
            Op::UpdateOrganization,
            "ann",
            &of,
            json!({ "name": "Acme Corp", "metadata": { "crm": "8041" } }),
        )
        .await;
        self.send(Op::SetPlan, BACKEND, &of, json!({ "includedUnits": 100, "maxMembers": 50 })).await;
        self.send(Op::SetMaxOverages, "ann", &of, json!({ "maxOverages": 20 })).await;
        let to_bob = json!({ "email": "bob@acme.example" });
        self.send(Op::CreateInvitation, "ann", &of, to_bob.clone()).await;
        let renewed = self.send(Op::CreateInvitation, "ann", &of, to_bob).await;
        self.send(Op::AcceptInvitation, "bob", &[], json!({ "token": renewed["token"] })).await;
        let link = id_of(&self.send(Op::CreateInvitation, "ann", &of, json!({})).await);
        self.send(Op::RevokeInvitation, "ann", &[of[0], ("invitation_id", &link)], Value::Null).await;
        self.send(Op::AddMember, BACKEND, &of, json!({ "userId": "carol" })).await;
        let carol = [of[0], ("user_id", "carol")];
        self.send(Op::UpdateMember, "ann", &carol, json!({ "role": "admin" })).await;
        self.send(Op::RemoveMember, "ann", &carol, Value::Null).await;
        self.send(Op::RecordUsage, BACKEND, &of, json!({ "units": 110 })).await;
        self.send(Op::RecordUsage, BACKEND, &of, json!({ "units": 10 })).await;
        self.send(Op::DeleteOrganization, "ann", &of, Value::Null).await;
        self.send(Op::RestoreOrganization, "ann", &of, Value::Null).await;
    }

    /// An organization that a service creates, with an external id, and changes that change nothing.
    async fn of_a_service(&self) {
        use Operation as Op;
        let new = json!({ "name": "Globex", "owner": "hank", "externalId": "cus_1042" });
        let globex = self.create(BACKEND, new).await;
        let of = [("organization_id", &*globex)];
        for domain in [json!("globex.example"), Value::Null, Value::Null] {
            self.send(Op::UpdateOrganization, BACKEND, &of, json!({ "domain": domain })).await;
        }
        for members in [json!(5), Value::Null, Value::Null] {
            self.send(Op::SetPlan, BACKEND, &of, json!({ "maxMembers": members })).await;
        }
        for units in [Value::Null, Value::Null, json!(0)] {
            self.send(Op::SetMaxOverages, "hank", &of, json!({ "maxOverages": units })).await;
        }
        self.send(Op::AddMember, BACKEND, &of, json!({ "userId": "frank", "role": "owner" })).await;
        let frank = [of[0], ("user_id", "frank")];
        for role in ["owner", "member"] {
            self.send(Op::UpdateMember, "hank", &frank, json!({ "role": role })).await;
        }
        self.send(Op::RemoveMember, "frank", &frank, Value::Null).await;
    }

    /// Users who are erased: a member, the last member, and the only owner of a deleted organization.
    async fn erased(&self) {
        use Operation as Op;
        let shared = self.create("ida", json!({ "organizationName": "Initech" })).await;
        self.send(Op::AddMember, BACKEND, &[("organization_id", &*shared)], json!({ "userId": "joe" })).await;
        self.create("joe", json!({ "organizationName": "Joe alone" })).await;
        let deleted = self.create("joe", json!({ "organizationName": "Joe deleted" })).await;
        self.send(Op::AddMember, BACKEND, &[("organization_id", &*deleted)], json!({ "userId": "ida" }))
            .await;
        self.send(Op::DeleteOrganization, "joe", &[("organization_id", &*deleted)], Value::Null).await;
        let erased = self.send(Op::DeleteUser, "joe", &[("user_id", "joe")], Value::Null).await;
        assert_eq!(
            (erased["left"].as_array().unwrap().len(), erased["deleted"].as_array().unwrap().len()),
            (3, 2)
        );
    }

    /// What `record-events` sends of everything that was written.
    async fn sent(&self) -> Vec<Entry> {
        let bus = Bus::start().await;
        let recorder = Recorder::new(self.store.clone(), bus.client());
        let handler = async |event: Value| {
            let answer = recorder.invoke(serde_json::from_value(event)?, "a request", TIMEOUT).await;
            serde_json::to_value(answer)
        };
        let options = MappingOptions::default();
        let url = self.database.url();
        let mut mapping = EventSourceMapping::new(&url, local::TABLE_NAME, options, handler).unwrap();
        assert_eq!(mapping.run_until_idle().await.unwrap(), Vec::<Value>::new());
        bus.taken()
    }
}

fn id_of(body: &Value) -> String {
    body["id"].as_str().unwrap().to_owned()
}
