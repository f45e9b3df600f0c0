//! Measured figures: the rows of the CSV files that tests and the benchmark maintain.

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A row of docs/cost/capacity.csv or docs/cost/records.csv: what one request, or the records in one batch of the table's
/// stream, consume in DynamoDB.
#[derive(Deserialize)]
pub(crate) struct Capacity {
    /// The operationId, or the records. A second kind of request of the same operation appends words:
    /// `createOrganization with a key`.
    #[serde(rename = "operation", alias = "record")]
    pub(crate) name: String,
    /// Requests to DynamoDB, sent one after the other.
    pub(crate) requests: f64,
    /// Write units in the organization's partition.
    pub(crate) organization_writes: f64,
    /// Write units in the user's partition.
    pub(crate) user_writes: f64,
    /// Read units in the organization's partition.
    pub(crate) organization_reads: f64,
    /// Read units in the user's partition.
    pub(crate) user_reads: f64,
}

impl Capacity {
    /// The operationId, which is the name's first word.
    pub(crate) fn operation_id(&self) -> &str {
        self.name.split(' ').next().unwrap_or_default()
    }

    /// Write units in all partitions.
    pub(crate) fn writes(&self) -> f64 {
        self.organization_writes + self.user_writes
    }

    /// Read units in all partitions.
    pub(crate) fn reads(&self) -> f64 {
        self.organization_reads + self.user_reads
    }
}

/// A row of docs/benchmark/cpu-*.csv: what the benchmark measured, in milliseconds.
#[derive(Clone, Deserialize)]
pub(crate) struct Times {
    /// The binary, or one of the benchmark's own subjects.
    pub(crate) subject: String,
    /// Init and the first request.
    #[serde(rename = "cold_ms")]
    pub(crate) cold: f64,
    /// A later request, at the median.
    #[serde(rename = "warm_p50_ms")]
    pub(crate) warm: f64,
}

/// A row of docs/cost/items.csv.
#[derive(Deserialize)]
pub(crate) struct Item {
    pub(crate) item: String,
    pub(crate) bytes: f64,
}

/// The rows of a CSV file. Columns are found by their headings; others are ignored.
///
/// # Errors
/// If a column is missing, or a cell is not what its column requires.
pub(crate) fn rows<Row: DeserializeOwned>(path: &str, text: &str) -> Result<Vec<Row>, String> {
    let rows = csv::Reader::from_reader(text.as_bytes()).into_deserialize();
    rows.collect::<Result<_, _>>().map_err(|error| format!("{path}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name() {
        let rows: Vec<Times> = rows("x.csv", "warm_p50_ms,other,subject,cold_ms\n1,?,noop,2.5\n").unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].subject.as_str(), rows[0].cold, rows[0].warm), ("noop", 2.5, 1.0));
    }

    #[test]
    fn a_missing_column_and_a_cell_that_is_not_a_number_are_errors_that_name_the_file() {
        for (text, reason) in
            [("item\nmembership\n", "missing field `bytes`"), ("item,bytes\nmembership,many\n", "float")]
        {
            let error = rows::<Item>("docs/cost/items.csv", text).err().unwrap();
            assert!(error.starts_with("docs/cost/items.csv: ") && error.contains(reason), "{error}");
        }
    }
}
