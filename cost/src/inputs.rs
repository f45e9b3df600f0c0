//! All inputs of the computation, and the files they come from.

use crate::deployed::Deployed;
use crate::figures::{self, Capacity, Item, Times};
use crate::given::Given;
use functions::Operation;
use heck::ToKebabCase as _;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

/// Megabytes at which Lambda gives a function a whole core
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>).
pub(crate) const WHOLE_CORE: f64 = 1769.0;

const GIVEN: &str = "docs/cost/inputs.toml";
const CAPACITY: &str = "docs/cost/capacity.csv";
const RECORDS: &str = "docs/cost/records.csv";
const ITEMS: &str = "docs/cost/items.csv";
const SMALL: &str = "docs/benchmark/cpu-7.csv";
const FULL: &str = "docs/benchmark/cpu-100.csv";

/// The inputs, read from the repository.
pub(crate) struct Inputs {
    /// Prices, limits and assumptions.
    pub(crate) given: Given,
    /// In the order of docs/cost/capacity.csv.
    pub(crate) request_kinds: Vec<RequestKind>,
    /// In the order of docs/cost/records.csv.
    records: Vec<Capacity>,
    /// Bytes by item.
    items: BTreeMap<String, f64>,
    /// What template.yaml deploys.
    pub(crate) deployed: Deployed,
}

/// One kind of request. Most operations have one kind; some have several, as an Idempotency-Key adds a
/// write.
pub(crate) struct RequestKind {
    pub(crate) operation: Operation,
    pub(crate) capacity: Capacity,
    /// Times at the processor share of 128 MB.
    pub(crate) small: Times,
    /// Times at a whole core.
    pub(crate) full: Times,
    /// Share of all requests, 0 to 1.
    pub(crate) share: f64,
}

impl Inputs {
    /// Reads the inputs from the repository at `root`.
    ///
    /// # Errors
    /// If a file is missing, or does not agree with the others or with the list of operations.
    pub(crate) fn read(root: &Path) -> Result<Self, Box<dyn Error>> {
        let text = |path: &str| {
            fs::read_to_string(root.join(path)).map_err(|error| format!("cannot read {path}: {error}"))
        };
        let given: Given = toml::from_str(&text(GIVEN)?).map_err(|error| format!("{GIVEN}: {error}"))?;
        let deployed = Deployed::read(&serde_saphyr::from_str(&text("template.yaml")?)?)?;
        let share = (100.0 * deployed.memory / WHOLE_CORE).round();
        if share != 7.0 {
            return Err(format!(
                "MemorySize in template.yaml gives a function {share} % of a core, but {SMALL} is for 7 %: \
                 run `cargo benchmark --cpu {share}`, then in cost/src/inputs.rs replace {SMALL} by the CSV \
                 file that it wrote, and 7 % by {share} %"
            )
            .into());
        }
        let small = figures::rows(SMALL, &text(SMALL)?)?;
        let full = figures::rows(FULL, &text(FULL)?)?;
        let capacity = figures::rows(CAPACITY, &text(CAPACITY)?)?;
        let request_kinds = request_kinds(capacity, &given.traffic, &small, &full)?;
        let items = figures::rows(ITEMS, &text(ITEMS)?)?;
        let items = items.into_iter().map(|Item { item, bytes }| (item, bytes)).collect();
        let records = figures::rows(RECORDS, &text(RECORDS)?)?;
        Ok(Self { given, request_kinds, records, items, deployed })
    }

    /// The kind of request with this name.
    ///
    /// # Errors
    /// If docs/cost/capacity.csv has no such row.
    pub(crate) fn kind(&self, name: &str) -> Result<&RequestKind, String> {
        let kind = self.request_kinds.iter().find(|kind| kind.capacity.name == name);
        kind.ok_or_else(|| format!("{CAPACITY} has no row for {name}"))
    }

    /// What these records consume.
    ///
    /// # Errors
    /// If docs/cost/records.csv has no such row.
    pub(crate) fn record(&self, name: &str) -> Result<&Capacity, String> {
        let record = self.records.iter().find(|record| record.name == name);
        record.ok_or_else(|| format!("{RECORDS} has no row for {name}"))
    }

    /// Bytes of an item.
    pub(crate) fn bytes(&self, item: &str) -> f64 {
        // An unknown item shows up as NaN in the document.
        self.items.get(item).copied().unwrap_or(f64::NAN)
    }
}

/// Joins the figures of each kind of request.
///
/// # Errors
/// If an operation has no row or no share of the traffic, or a row or a share has no operation.
fn request_kinds(
    capacity: Vec<Capacity>,
    traffic: &BTreeMap<String, f64>,
    small: &[Times],
    full: &[Times],
) -> Result<Vec<RequestKind>, String> {
    for operation in Operation::ALL {
        if !capacity.iter().any(|row| row.operation_id() == operation.id()) {
            return Err(format!("{CAPACITY} has no row for {}", operation.id()));
        }
    }
    if let Some(name) = traffic.keys().find(|name| !capacity.iter().any(|row| row.name == **name)) {
        return Err(format!("[traffic] of {GIVEN} has a share for {name}, which has no row in {CAPACITY}"));
    }
    let total: f64 = traffic.values().sum();
    if total != 100.0 {
        return Err(format!("the shares in [traffic] of {GIVEN} add up to {total} percent, not to 100"));
    }
    let kind = |capacity: Capacity| {
        let name = &capacity.name;
        let operation =
            Operation::ALL.iter().copied().find(|operation| operation.id() == capacity.operation_id());
        let operation =
            operation.ok_or_else(|| format!("{CAPACITY} has a row for {name}, which is not an operation"))?;
        let share = traffic.get(name);
        let share = share.ok_or_else(|| format!("[traffic] of {GIVEN} has no share for {name}"))?;
        let binary = operation.id().to_kebab_case();
        let times = |path: &str, rows: &[Times]| {
            let row = rows.iter().find(|row| row.subject == binary).cloned();
            row.ok_or_else(|| format!("{path} has no row for {binary}; `cargo benchmark` measures it"))
        };
        let (small, full) = (times(SMALL, small)?, times(FULL, full)?);
        Ok(RequestKind { operation, small, full, share: share / 100.0, capacity })
    };
    capacity.into_iter().map(kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Figures with one kind of request for each operation, in all files.
    struct Complete {
        capacity: Vec<Capacity>,
        traffic: BTreeMap<String, f64>,
        times: Vec<Times>,
    }

    impl Complete {
        fn new() -> Self {
            let ids = || Operation::ALL.iter().map(|operation| operation.id());
            let rows = ids().map(|id| format!("{id},1,0,0,1,1\n")).collect::<String>();
            let heading =
                "operation,requests,organization_writes,user_writes,organization_reads,user_reads\n";
            let mut traffic: BTreeMap<_, _> = ids().map(|id| (id.to_owned(), 0.0)).collect();
            traffic.insert("getOrganization".to_owned(), 100.0);
            let time = |id: &str| Times { subject: id.to_kebab_case(), cold: 2.0, warm: 1.0 };
            Self {
                capacity: figures::rows(CAPACITY, &format!("{heading}{rows}")).unwrap(),
                traffic,
                times: ids().map(time).collect(),
            }
        }

        fn joined(self) -> Result<Vec<RequestKind>, String> {
            request_kinds(self.capacity, &self.traffic, &self.times, &self.times)
        }
    }

    #[test]
    fn complete_figures_are_joined() {
        let kinds = Complete::new().joined().unwrap();
        let operations: Vec<_> = kinds.iter().map(|kind| kind.operation).collect();
        assert_eq!(operations, Operation::ALL);
    }

    #[test]
    fn each_file_that_lacks_an_operation_is_named() {
        type Change = fn(&mut Complete);
        let changes: [(Change, &str); 5] = [
            (
                |complete| complete.capacity.retain(|row| row.name != "addMember"),
                "docs/cost/capacity.csv has no row for addMember",
            ),
            (
                |complete| complete.capacity[0].name.push('s'),
                "docs/cost/capacity.csv has no row for createOrganization",
            ),
            (
                |complete| complete.traffic.retain(|name, _| name != "addMember"),
                "[traffic] of docs/cost/inputs.toml has no share for addMember",
            ),
            (
                |complete| complete.traffic.extend([("addMembers".to_owned(), 0.0)]),
                "has a share for addMembers, which has no row in docs/cost/capacity.csv",
            ),
            (
                |complete| complete.times.retain(|row| row.subject != "add-member"),
                "docs/benchmark/cpu-7.csv has no row for add-member",
            ),
        ];
        for (change, expected) in changes {
            let mut complete = Complete::new();
            change(&mut complete);
            let error = complete.joined().err().unwrap();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn shares_that_do_not_add_up_to_a_hundred_are_refused() {
        let mut complete = Complete::new();
        complete.traffic.insert("addMember".to_owned(), 1.0);
        assert!(complete.joined().err().unwrap().contains("add up to 101 percent"));
    }
}
