//! What the function on the table's stream costs: it records changes, tells thresholds of usage, and purges.

use crate::document::{self, dollars, units, whole};
use crate::figures::Capacity;
use crate::inputs::Inputs;
use crate::operations::{Cost, lambda};
use functions::Operation;

/// How many entries one request to EventBridge has at most.
const ENTRIES: f64 = 10.0;

/// Dollars for records.
#[derive(Clone, Copy)]
pub(crate) struct RecordCost {
    /// Reading the stream is free for Lambda, so it is in none of these.
    functions: Cost,
    events: f64,
}

impl RecordCost {
    /// The sum of all services.
    pub(crate) fn total(self) -> f64 {
        self.functions.total() + self.events
    }
}

/// True if a request of this operation makes an event of each organization that it changes. One that deletes a user makes as
/// many as there were memberships.
pub(crate) fn makes_event(operation: Operation) -> bool {
    match operation {
        Operation::CreateOrganization
        | Operation::UpdateOrganization
        | Operation::DeleteOrganization
        | Operation::RestoreOrganization
        | Operation::SetMaxOverages
        | Operation::SetPlan
        | Operation::AddMember
        | Operation::UpdateMember
        | Operation::RemoveMember
        | Operation::CreateInvitation
        | Operation::RevokeInvitation
        | Operation::AcceptInvitation
        | Operation::DeleteUser => true,
        Operation::ListOrganizations
        | Operation::GetOrganization
        | Operation::RecordUsage
        | Operation::GetUsage
        | Operation::ListEvents
        | Operation::ListMembers
        | Operation::GetMember
        | Operation::ListInvitations
        | Operation::PreviewInvitation => false,
    }
}

/// A million records, if each batch has `records` of them, which consume `capacity` together and send `entries` to the bus.
pub(crate) fn million(inputs: &Inputs, capacity: &Capacity, records: f64, entries: f64) -> RecordCost {
    let (prices, given) = (&inputs.given.prices, &inputs.given.assumptions);
    let milliseconds = given.record_invocation_ms
        + capacity.requests * given.dynamodb_round_trip_ms
        + (entries / ENTRIES).ceil() * given.eventbridge_round_trip_ms;
    let batches = 1e6 / records;
    let log = inputs.given.measured.function_log_bytes + given.lambda_log_bytes;
    let functions = Cost {
        lambda: lambda(milliseconds, inputs.deployed.memory, prices.lambda_arm64_gb_second, inputs) / records,
        dynamodb: (capacity.writes() * prices.dynamodb_million_write_units
            + capacity.reads() * prices.dynamodb_million_read_units)
            / records,
        logs: batches * log / f64::from(1 << 30) * prices.logs_gb,
        traces: given.traced_share * prices.xray_million_traces / records,
        ..Cost::default()
    };
    RecordCost { functions, events: entries / records * prices.eventbridge_million_events }
}

/// A million records of each kind, alone in their batches and in full ones.
///
/// # Errors
/// If there are no figures for records.
pub(crate) fn table(inputs: &Inputs) -> Result<String, String> {
    let full = inputs.given.assumptions.records_of_a_full_batch;
    let nothing = Capacity {
        name: String::new(),
        requests: 0.0,
        organization_writes: 0.0,
        user_writes: 0.0,
        organization_reads: 0.0,
        user_reads: 0.0,
    };
    let row = |(name, capacity, records, entries): (&str, &Capacity, f64, f64)| {
        let cost = million(inputs, capacity, records, entries);
        let Cost { lambda, dynamodb, logs, traces, .. } = cost.functions;
        let [lambda, dynamodb, events, logs, traces, total] =
            [lambda, dynamodb, cost.events, logs, traces, cost.total()].map(dollars);
        [name.to_owned(), lambda, dynamodb, events, logs, traces, total]
    };
    let rows = [
        ("changes, one by one", inputs.record("change")?, 1.0, 1.0),
        ("changes, in batches of 100", inputs.record("100 changes")?, full, full),
        ("reports of usage below a threshold, one by one", &nothing, 1.0, 0.0),
        ("reports of usage below a threshold, in batches of 100", &nothing, full, 0.0),
        (
            "reports of usage that reach a threshold, one by one",
            inputs.record("reached threshold")?,
            1.0,
            1.0,
        ),
    ];
    let heading = ["records", "Lambda", "DynamoDB", "EventBridge", "logs", "traces", "$ a million"];
    Ok(document::table(heading, rows.map(row)))
}

/// What the purge of an organization takes, by its number of members.
///
/// # Errors
/// If there are no figures for records.
pub(crate) fn purges(inputs: &Inputs) -> Result<String, String> {
    let prices = &inputs.given.prices;
    let one = inputs.record("removed organization of 1 member")?;
    let hundred_more = inputs.record("removed organization of 101 members")?;
    let each = |figure: fn(&Capacity) -> f64| (figure(hundred_more) - figure(one)) / 100.0;
    let row = |members: f64| {
        let more = members - 1.0;
        let writes = one.writes() + more * each(Capacity::writes);
        // A query reads 251 members and goes on after 250.
        let pages = (members / 250.0).ceil().max(1.0);
        let read = (members * inputs.bytes("member") / 4096.0).ceil().max(pages);
        let reads = one.reads() - 1.0 + read;
        let requests = one.requests - 3.0 + pages + 2.0 * (members / 25.0).ceil();
        let cost = writes * prices.dynamodb_million_write_units + reads * prices.dynamodb_million_read_units;
        [whole(members), whole(requests), units(writes), units(reads), format!("{:.6}", cost / 1e6)]
    };
    let heading = ["members", "requests", "write units", "read units", "DynamoDB, $"];
    Ok(document::table(heading, [1.0, 101.0, 1000.0, 5000.0, 100_000.0].map(row)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn inputs() -> Inputs {
        Inputs::read(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()).unwrap()
    }

    #[test]
    fn a_purge_takes_what_was_measured() {
        let inputs = inputs();
        let table = purges(&inputs).unwrap();
        for (members, name) in
            [("1", "removed organization of 1 member"), ("101", "removed organization of 101 members")]
        {
            let measured = inputs.record(name).unwrap();
            let [requests, writes] = [measured.requests, measured.writes()].map(units);
            assert!(table.contains(&format!("\n| {members} | {requests} | {writes} |")), "{table}");
        }
    }

    #[test]
    fn a_full_batch_costs_less_than_its_records_one_by_one() {
        let inputs = inputs();
        let one = million(&inputs, inputs.record("change").unwrap(), 1.0, 1.0);
        let full = million(&inputs, inputs.record("100 changes").unwrap(), 100.0, 100.0);
        assert!(full.total() < one.total());
        assert_eq!(full.events, one.events);
        // A batch reads the event before its first.
        assert!(full.functions.dynamodb < one.functions.dynamodb);
    }
}
