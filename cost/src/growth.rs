//! How cost and load grow with requests, with organizations, and with the size of one organization.

use crate::document::{dollars, table, units, whole};
use crate::inputs::Inputs;
use crate::operations::{mean, mixed_million, mixed_milliseconds};
use crate::records::{makes_event, million as million_records};

/// Seconds of a month of 30 days.
const SECONDS: f64 = 30.0 * 86400.0;

const MONTHLY_REQUESTS: [f64; 6] = [1e5, 1e6, 1e7, 1e8, 1e9, 1e10];

const GIGABYTE: f64 = (1u64 << 30) as f64;

/// Bytes that DynamoDB bills in addition for each item
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>).
const OVERHEAD: f64 = 100.0;

/// Dollars a month by requests a month.
///
/// # Errors
/// If there are no figures for records.
pub(crate) fn requests(inputs: &Inputs) -> Result<String, String> {
    // Single changes are the dearest to record.
    let recorded = mean(inputs, |kind| if makes_event(kind.operation) { 1.0 } else { 0.0 })
        * million_records(inputs, inputs.record("change")?, 1.0, 1.0).total();
    let (prices, given) = (&inputs.given.prices, &inputs.given.assumptions);
    let fixed = inputs.deployed.alarm_metrics * prices.alarm_metric_month
        + inputs.deployed.dashboards * prices.dashboard_month;
    let row = |requests: f64| {
        let mut cost = mixed_million(inputs).times(requests / 1e6);
        let first_tier = requests.min(prices.http_api_first_tier_requests);
        cost.api = first_tier / 1e6 * prices.http_api_million_requests
            + (requests - first_tier) / 1e6 * prices.http_api_million_requests_beyond;
        let first_of_a_second = requests.min(SECONDS);
        let traces = first_of_a_second + (requests - first_of_a_second) * given.traced_share;
        cost.traces = traces / 1e6 * prices.xray_million_traces;
        let record = recorded * requests / 1e6;
        let total = cost.total() + record + fixed;
        let [lambda, api, dynamodb, logs, traces, record, fixed, total, million] = [
            cost.lambda,
            cost.api,
            cost.dynamodb,
            cost.logs,
            cost.traces,
            record,
            fixed,
            total,
            total / (requests / 1e6),
        ]
        .map(dollars);
        [whole(requests), lambda, api, dynamodb, logs, traces, record, fixed, total, million]
    };
    Ok(table(
        [
            "requests a month",
            "Lambda",
            "HTTP API",
            "DynamoDB",
            "logs",
            "traces",
            "events",
            "alarms",
            "$ a month",
            "$ a million",
        ],
        MONTHLY_REQUESTS.map(row),
    ))
}

/// Peak load by requests a month, and the limits that it exceeds.
pub(crate) fn rates(inputs: &Inputs) -> String {
    let limits = &inputs.given.limits;
    let row = |requests: f64| {
        let peak = requests / SECONDS * inputs.given.assumptions.peak_to_average;
        let instances = (peak * mixed_milliseconds(inputs) / 1000.0).ceil();
        let writes = peak * mean(inputs, |kind| kind.capacity.writes());
        let reads = peak * mean(inputs, |kind| kind.capacity.reads());
        let passed = [
            ("ThrottlingRateLimit", peak, inputs.deployed.throttle),
            ("HTTP API", peak, limits.api_requests_per_second),
            ("Lambda requests", peak, limits.lambda_requests_per_second),
            ("Lambda concurrency", instances, limits.lambda_concurrency),
            ("table reads", reads, limits.table_units),
            ("table writes", writes, limits.table_units),
        ];
        let passed = passed.into_iter().filter(|(_, load, limit)| load > limit).map(|(name, ..)| name);
        let passed = passed.collect::<Vec<_>>().join(", ");
        let peak = if peak < 10.0 { format!("{peak:.1}") } else { whole(peak) };
        let passed = if passed.is_empty() { "–".to_owned() } else { passed };
        [whole(requests), peak, whole(instances), whole(writes.ceil()), whole(reads.ceil()), passed]
    };
    table(
        ["requests a month", "a second", "instances", "write units", "read units", "to be raised"],
        MONTHLY_REQUESTS.map(row),
    )
}

/// Storage in dollars a month by number of organizations.
pub(crate) fn organizations(inputs: &Inputs) -> String {
    let prices = &inputs.given.prices;
    let row = |organizations: f64| {
        let memberships = organizations * inputs.given.assumptions.members_per_organization;
        let invitations = organizations * inputs.given.assumptions.invitations_per_organization;
        let periods = organizations * inputs.given.assumptions.periods_per_organization;
        // Counts one creator for each organization.
        let items = [
            ("organization", organizations),
            ("user", organizations),
            ("member", memberships),
            ("membership", memberships),
            ("accepted invitation", invitations),
            ("usage of a period", periods),
            ("event", organizations * inputs.given.assumptions.events_per_organization),
        ];
        let bytes: f64 = items.iter().map(|(item, number)| number * (inputs.bytes(item) + OVERHEAD)).sum();
        let table = bytes / GIGABYTE;
        let cost = table * (prices.dynamodb_gb_month + prices.dynamodb_backup_gb_month);
        [whole(organizations), whole(memberships), format!("{table:.4}"), format!("{cost:.4}")]
    };
    table(["organizations", "memberships", "table, GB", "$ a month"], [1.0, 1e2, 1e4, 1e5, 1e6].map(row))
}

/// The two list operations by the length of the list.
pub(crate) fn lists(inputs: &Inputs) -> String {
    let (prices, limits) = (&inputs.given.prices, &inputs.given.limits);
    let row = |(name, length, organization): (&str, f64, &str)| {
        let read = (length * inputs.bytes("membership") / 4096.0).ceil();
        let batches = (length / limits.batch_get_keys).ceil();
        let organizations = read + length * (inputs.bytes(organization) / 4096.0).ceil();
        // Besides the members, the request reads the caller's membership and the organization.
        let members_read = (length * inputs.bytes("member") / 4096.0).ceil();
        let members = 2.0 + members_read;
        let price = |units: f64| dollars(units * prices.dynamodb_million_read_units);
        let a_second = |units: f64| whole((limits.partition_read_units / units.max(1.0)).floor());
        [
            name.to_owned(),
            whole(1.0 + batches),
            units(organizations),
            price(organizations),
            a_second(read),
            units(members),
            price(members),
            a_second(1.0 + members_read),
        ]
    };
    table(
        [
            "length",
            "listOrganizations: requests",
            "read units",
            "$ a million",
            "a second, for a user",
            "listMembers: read units",
            "$ a million",
            "a second, for an organization",
        ],
        [
            ("1", 1.0, "organization"),
            ("10", 10.0, "organization"),
            ("100", 100.0, "organization"),
            ("1,000", 1000.0, "organization"),
            ("1,000 of the largest", 1000.0, "largest organization"),
        ]
        .map(row),
    )
}

/// What inviting and listing invitations read, by the number of stored invitations.
pub(crate) fn invitations(inputs: &Inputs) -> String {
    let price = |units: f64| dollars(units * inputs.given.prices.dynamodb_million_read_units);
    let row = |stored: f64| {
        let query = (stored * inputs.bytes("accepted invitation") / 4096.0).ceil();
        // Besides the invitations, inviting reads the organization, and a list also the caller's membership.
        let (inviting, listing) = (1.0 + query, 2.0 + query);
        [whole(stored), units(inviting), price(inviting), units(listing), price(listing)]
    };
    table(
        [
            "stored invitations",
            "createInvitation: read units",
            "$ a million",
            "listInvitations: read units",
            "$ a million",
        ],
        [1.0, 10.0, 100.0, 1000.0].map(row),
    )
}

/// What a write of a stranger costs at most, by the organization's item.
pub(crate) fn refusals(inputs: &Inputs) -> String {
    let prices = &inputs.given.prices;
    let row = |(name, bytes): (&str, f64)| {
        let (written, read) = ((bytes / 1024.0).ceil().max(1.0), (bytes / 4096.0).ceil().max(1.0));
        // Transactions cost twice as much. That of removeMember also writes two items. The one that finds out the
        // reason of a refusal reads the organization and one or two memberships.
        let update = [written, 2.0 * (read + 1.0)];
        let remove = [2.0 * (written + 2.0), 2.0 * (read + 2.0)];
        let price = |[writes, reads]: [f64; 2]| {
            dollars(writes * prices.dynamodb_million_write_units + reads * prices.dynamodb_million_read_units)
        };
        let [update_writes, update_reads] = update.map(whole);
        let [remove_writes, remove_reads] = remove.map(whole);
        let name = name.to_owned();
        [name, update_writes, update_reads, price(update), remove_writes, remove_reads, price(remove)]
    };
    let rows = [
        ("none", 0.0),
        ("1 owner", inputs.bytes("organization")),
        ("the largest possible", inputs.bytes("largest organization")),
    ];
    table(
        [
            "organization",
            "updateOrganization: write units",
            "read units",
            "$ a million",
            "removeMember: write units",
            "read units",
            "$ a million",
        ],
        rows.map(row),
    )
}

/// The organization's item by its number of owners and admins.
pub(crate) fn privileged(inputs: &Inputs) -> String {
    let (prices, limits) = (&inputs.given.prices, &inputs.given.limits);
    let one = inputs.bytes("organization");
    let admin = inputs.bytes("organization with an admin") - one;
    let owner = inputs.bytes("organization with a second owner") - one;
    let sizes = [
        ("1 owner", one),
        ("1 owner, 9 admins", one + 9.0 * admin),
        ("1 owner, 99 admins", one + 99.0 * admin),
        ("100 owners", one + 99.0 * owner),
        ("the largest possible", inputs.bytes("largest organization")),
    ];
    let row = |(name, bytes): (&str, f64)| {
        let (reads, writes) = ((bytes / 4096.0).ceil(), (bytes / 1024.0).ceil());
        [
            name.to_owned(),
            whole(bytes),
            units(reads),
            whole((limits.partition_read_units / reads).floor()),
            units(writes),
            whole((limits.partition_write_units / writes).floor()),
            dollars(writes * prices.dynamodb_million_write_units),
            units(2.0 * writes),
        ]
    };
    table(
        [
            "organization with",
            "bytes",
            "units to read",
            "reads a second",
            "units to update",
            "updates a second",
            "$ a million",
            "in a transaction",
        ],
        sizes.map(row),
    )
}
