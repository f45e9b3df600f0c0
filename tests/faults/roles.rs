//! Each function's role in template.yaml allows exactly the DynamoDB actions that the function uses in all
//! calls, including those after a refusal without the items.

use crate::calls::{self, Call};
use crate::filling::Filling;
use crate::world::World;
use functions::Operation;
use heck::ToPascalCase as _;
use serde_json::{Value, json};
use shared::edge::FUNCTION_TIMEOUT;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::{Arc, Mutex};
use support::faults::Fault;
use support::permissions::permissions;

/// For example `dynamodb:GetItem on table`.
pub type Permissions = BTreeSet<String>;

/// Permissions that a role already or still has while the code that needs them is deployed or replaced:
/// docs/operations.md describes such changes.
const IN_TRANSITION: &[(Operation, &str)] = &[];

#[tokio::test]
async fn every_role_allows_exactly_what_its_function_does() {
    let mut fillings = BTreeMap::new();
    let mut used: BTreeMap<Operation, Permissions> = BTreeMap::new();
    for call in calls::all() {
        let filling = match fillings.get(&call.table) {
            Some(filling) => Arc::clone(filling),
            None => Arc::new(Filling::new(call.table).await),
        };
        fillings.insert(call.table, filling.clone());
        let used = used.entry(call.operation).or_default();
        used.extend(permissions_of(&call, &filling, |_| None).await);
        used.extend(permissions_of(&call, &filling, |_| Some(Fault::WithoutItems)).await);
        if call.name == Operation::DeleteUser.id() {
            used.extend(permissions_of(&call, &filling, overtaken_once()).await);
        }
    }
    let template = template();
    for operation in Operation::ALL {
        let (id, allowed) = (operation.id(), allowed(*operation, &template));
        let used = used.remove(operation).unwrap_or_else(|| panic!("calls.rs has no call of {id}"));
        let missing: Vec<_> = used.difference(&allowed).collect();
        let in_transition = |permission: &&String| IN_TRANSITION.contains(&(*operation, permission.as_str()));
        let idle: Vec<_> = allowed.difference(&used).filter(|each| !in_transition(each)).collect();
        assert!(missing.is_empty(), "{id} does what its role does not allow: {missing:?}");
        assert!(idle.is_empty(), "{id}'s role allows what it never does: {idle:?}");
    }
}

/// Refuses the first transaction, as if another request had changed the organization after it was read. deleteUser
/// depends on what it read. So it reads again, which it does in no other case.
fn overtaken_once() -> impl FnMut(&str) -> Option<Fault> + Send + 'static {
    let mut refused = false;
    move |action| {
        let is_first = action == "TransactWriteItems" && !std::mem::replace(&mut refused, true);
        is_first.then(|| Fault::canceled(["ConditionalCheckFailed", "None", "None"]))
    }
}

/// The permissions that a call's requests to DynamoDB need. Each request meets what `fault` makes of its action.
async fn permissions_of(
    call: &Call,
    filling: &Arc<Filling>,
    mut fault: impl FnMut(&str) -> Option<Fault> + Send + 'static,
) -> Permissions {
    let world = World::new(filling).await;
    let used = Arc::<Mutex<Permissions>>::default();
    let record = used.clone();
    world.proxy.plan_by_body(move |action, body| {
        record.lock().unwrap().extend(permissions(action, body));
        fault(action)
    });
    let (answer, _) = world.send(call, FUNCTION_TIMEOUT).await;
    assert_eq!(answer["status"], call.status, "{}: {answer}", call.name);
    world.end();
    std::mem::take(&mut *used.lock().unwrap())
}

/// What the role of an operation's function allows.
fn allowed(operation: Operation, template: &Value) -> Permissions {
    allowed_to(&format!("{}Function", operation.id().to_pascal_case()), template)
}

/// What the role of a function allows on the table. Every operation's function allows nothing else.
pub fn allowed_to(id: &str, template: &Value) -> Permissions {
    let policies = template["Resources"][id]["Properties"]["Policies"].as_array();
    let policies = policies.unwrap_or_else(|| panic!("{id} has no Policies"));
    let statements = policies.iter().flat_map(|policy| policy["Statement"].as_array().expect("statements"));
    let is_of_bus = |statement: &&Value| id == RECORDER && statement["Resource"] == "EventBus.Arn";
    let statements = statements.filter(|statement| !is_of_bus(statement));
    statements
        .flat_map(|statement| {
            assert_eq!(statement["Effect"], "Allow", "{id}");
            assert_eq!(statement["Resource"], json!(TABLE), "{id}: a resource that no function needs");
            let actions = statement["Action"].as_array().expect("a list of actions");
            actions.iter().map(move |action| format!("{} on table", action.as_str().expect("an action")))
        })
        .collect()
}

/// The only function that sends events.
pub const RECORDER: &str = "RecordEventsFunction";

/// The table's ARN in the template: `!If [CreateTable, !GetAtt OrganizationsTable.Arn, !Ref ExistingTable]`. The
/// parser skips CloudFormation's tags and keeps their operands.
const TABLE: [&str; 3] = ["CreateTable", "OrganizationsTable.Arn", "ExistingTable"];

pub fn template() -> Value {
    serde_saphyr::from_str(&text()).unwrap()
}

fn text() -> String {
    fs::read_to_string(local::workspace_root().join("template.yaml")).unwrap()
}

/// The test above sees only the operands, which would also match `!Ref` in place of `!GetAtt`.
#[test]
fn roles_name_the_table_by_its_arn() {
    let text = text();
    let resources = text.split("Resource: ").skip(1).map(|rest| rest.lines().next().unwrap());
    let stream = "!If [CreateStream, !GetAtt OrganizationsTable.StreamArn, !Ref ExistingTableStream] }";
    let is_of_table = |line: &&str| line.contains("OrganizationsTable") && *line != stream;
    let tables: Vec<_> = resources.filter(is_of_table).collect();
    assert!(tables.len() >= Operation::ALL.len(), "too few: {tables:?}");
    for table in tables {
        let expected = "!If [CreateTable, !GetAtt OrganizationsTable.Arn, !Ref ExistingTable] }";
        assert!(table.starts_with(expected), "{table}");
    }
}
