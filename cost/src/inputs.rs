//! What everything is computed from, and where it stands.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

/// Megabytes at which Lambda gives a function a whole core
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>).
pub(crate) const WHOLE_CORE: f64 = 1769.0;

/// All of it.
pub(crate) struct Inputs {
    /// docs/cost/inputs.toml.
    pub(crate) given: Given,
    /// docs/cost/capacity.csv and docs/benchmark, in the former's order.
    pub(crate) operations: Vec<Operation>,
    /// docs/cost/items.csv: bytes by item.
    items: BTreeMap<String, f64>,
    /// template.yaml's defaults.
    pub(crate) deployed: Deployed,
}

/// Prices in dollars; the file describes each.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Given {
    pub(crate) prices: Prices,
    pub(crate) limits: Limits,
    pub(crate) assumptions: Assumptions,
    pub(crate) measured: Measured,
    traffic: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Prices {
    pub(crate) lambda_million_requests: f64,
    pub(crate) lambda_arm64_gb_second: f64,
    pub(crate) lambda_x86_64_gb_second: f64,
    pub(crate) http_api_million_requests: f64,
    pub(crate) http_api_first_tier_requests: f64,
    pub(crate) http_api_million_requests_beyond: f64,
    pub(crate) dynamodb_million_write_units: f64,
    pub(crate) dynamodb_million_read_units: f64,
    pub(crate) dynamodb_gb_month: f64,
    pub(crate) dynamodb_backup_gb_month: f64,
    pub(crate) logs_gb: f64,
    pub(crate) alarm_metric_month: f64,
    pub(crate) dashboard_month: f64,
    pub(crate) xray_million_traces: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) partition_write_units: f64,
    pub(crate) partition_read_units: f64,
    pub(crate) table_units: f64,
    pub(crate) batch_get_keys: f64,
    pub(crate) lambda_concurrency: f64,
    pub(crate) lambda_requests_per_second: f64,
    pub(crate) api_requests_per_second: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assumptions {
    pub(crate) dynamodb_round_trip_ms: f64,
    pub(crate) dynamodb_connect_ms: f64,
    pub(crate) cold_share: f64,
    pub(crate) transaction_ms: f64,
    pub(crate) lambda_log_bytes: f64,
    pub(crate) access_log_bytes: f64,
    pub(crate) traced_share: f64,
    pub(crate) peak_to_average: f64,
    pub(crate) members_per_organization: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Measured {
    pub(crate) function_log_bytes: f64,
}

/// One operation.
pub(crate) struct Operation {
    /// Its operationId, and what tells one kind of its requests from another.
    pub(crate) name: String,
    /// Requests to DynamoDB, each of which waits for the one before.
    pub(crate) requests: f64,
    /// Write units on the organization's item, in the user's partition, in the index's.
    pub(crate) writes: [f64; 3],
    /// Read units, likewise.
    pub(crate) reads: [f64; 3],
    /// At the processor share of 128 MB.
    pub(crate) small: Times,
    /// At a whole core.
    pub(crate) full: Times,
    /// Of all requests, 0 to 1.
    pub(crate) share: f64,
}

/// What the benchmark measured, in milliseconds.
pub(crate) struct Times {
    /// Init and the first request.
    pub(crate) cold: f64,
    /// A later one.
    pub(crate) warm: f64,
}

/// What template.yaml deploys by default.
pub(crate) struct Deployed {
    /// Megabytes.
    pub(crate) memory: f64,
    /// Requests per second that the API lets through.
    pub(crate) throttle: f64,
    /// Metrics that alarms watch, each of which is paid for.
    pub(crate) alarm_metrics: f64,
    /// Dashboards.
    pub(crate) dashboards: f64,
}

impl Inputs {
    /// Reads them below the root of the repository.
    ///
    /// # Errors
    /// When one is missing or does not fit the others.
    pub(crate) fn read(root: &Path) -> Result<Self, Box<dyn Error>> {
        let text = |path: &str| {
            fs::read_to_string(root.join(path)).map_err(|error| format!("cannot read {path}: {error}"))
        };
        let given: Given = toml::from_str(&text("docs/cost/inputs.toml")?)?;
        let deployed = Deployed::read(&serde_saphyr::from_str(&text("template.yaml")?)?)?;
        let small = Figures::read(&text("docs/benchmark/cpu-7.csv")?)?;
        let full = Figures::read(&text("docs/benchmark/cpu-100.csv")?)?;
        let capacity = Figures::read(&text("docs/cost/capacity.csv")?)?;
        let items = Figures::read(&text("docs/cost/items.csv")?)?;

        if (100.0 * deployed.memory / WHOLE_CORE).round() != 7.0 {
            return Err("docs/benchmark/cpu-7.csv is not for the memory that template.yaml gives".into());
        }
        if given.traffic.values().sum::<f64>() != 100.0 || given.traffic.len() != capacity.0.len() {
            return Err("[traffic] is not a hundred percent of the operations in capacity.csv".into());
        }
        let mut operations = Vec::new();
        for name in &capacity.names() {
            let of = |column: &str| capacity.get(name, column);
            let share = given.traffic.get(name).ok_or_else(|| format!("{name} has no share in [traffic]"))?;
            operations.push(Operation {
                name: name.clone(),
                requests: of("requests")?,
                writes: [of("organization_writes")?, of("user_writes")?, of("index_writes")?],
                reads: [of("organization_reads")?, of("user_reads")?, of("index_reads")?],
                small: Times::read(&small, name)?,
                full: Times::read(&full, name)?,
                share: share / 100.0,
            });
        }
        let bytes = |name: String| Ok((name.clone(), items.get(&name, "bytes")?));
        let items = items.names().into_iter().map(bytes).collect::<Result<_, String>>()?;
        Ok(Self { given, operations, items, deployed })
    }

    /// Bytes of an item.
    pub(crate) fn bytes(&self, item: &str) -> f64 {
        // One that is not in the file shows as what it is: no number.
        self.items.get(item).copied().unwrap_or(f64::NAN)
    }
}

impl Times {
    fn read(figures: &Figures, operation: &str) -> Result<Self, String> {
        // What follows the first word says how it is called: with a key, say.
        let subject = kebab(operation.split(' ').next().unwrap_or_default());
        Ok(Self { cold: figures.get(&subject, "cold_ms")?, warm: figures.get(&subject, "warm_p50_ms")? })
    }
}

impl Deployed {
    fn read(template: &Value) -> Result<Self, String> {
        let default = |name: &str| {
            let value = template.pointer(&format!("/Parameters/{name}/Default")).and_then(Value::as_f64);
            value.ok_or_else(|| format!("template.yaml has no default for {name}"))
        };
        let resources = template.get("Resources").and_then(Value::as_object).ok_or("no Resources")?;
        let of_type = |kind: &'static str| {
            resources.values().filter(move |resource| resource.get("Type").is_some_and(|is| is == kind))
        };
        let metrics = |alarm: &Value| match alarm.pointer("/Properties/Metrics").and_then(Value::as_array) {
            Some(metrics) => metrics.iter().filter(|metric| metric.get("MetricStat").is_some()).count(),
            None => 1,
        };
        Ok(Self {
            memory: default("MemorySize")?,
            throttle: default("ThrottlingRateLimit")?,
            alarm_metrics: of_type("AWS::CloudWatch::Alarm").map(metrics).sum::<usize>() as f64,
            dashboards: of_type("AWS::CloudWatch::Dashboard").count() as f64,
        })
    }
}

/// A CSV file of numbers: rows in their order, each with its name and its columns by theirs.
struct Figures(Vec<(String, BTreeMap<String, f64>)>);

impl Figures {
    /// Cells that are not numbers are left out. Nothing in such a file of ours is quoted.
    fn read(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        let heading: Vec<&str> = lines.next().ok_or("an empty file of figures")?.split(',').collect();
        let row = |line: &str| {
            let cells = heading.iter().zip(line.split(','));
            let numbers = cells.filter_map(|(column, cell)| Some(((*column).to_owned(), cell.parse().ok()?)));
            (line.split(',').next().unwrap_or_default().to_owned(), numbers.collect())
        };
        Ok(Self(lines.map(row).collect()))
    }

    fn names(&self) -> Vec<String> {
        self.0.iter().map(|(name, _)| name.clone()).collect()
    }

    fn get(&self, name: &str, column: &str) -> Result<f64, String> {
        let row = self.0.iter().find(|(row, _)| row == name).map(|(_, row)| row);
        row.and_then(|row| row.get(column)).copied().ok_or_else(|| format!("there is no {column} of {name}"))
    }
}

fn kebab(operation: &str) -> String {
    let mut name = String::new();
    for character in operation.chars() {
        if character.is_ascii_uppercase() {
            name.push('-');
        }
        name.push(character.to_ascii_lowercase());
    }
    name
}
