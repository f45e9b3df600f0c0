//! The totals that a table may have after reports of usage: the sum of what was answered as recorded. A report that was
//! answered 503 may or may not count.

use crate::usage::Report;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// An organization and a period.
type Place = (String, String);

/// The totals, as far as the answers tell.
#[derive(Debug, Default)]
pub struct Totals {
    places: BTreeMap<Place, Total>,
    /// By organization, caller and key.
    keys: BTreeMap<(String, &'static str, String), Keyed>,
    /// What contradicts itself.
    pub faults: Vec<String>,
}

#[derive(Debug, Default, Clone)]
struct Total {
    recorded: i64,
    /// The units that each report in doubt may have added, as ranges: it added a number in one of them.
    in_doubt: Vec<Vec<(i64, i64)>>,
}

/// The reports with one key.
#[derive(Debug, Default)]
struct Keyed {
    /// The place and the units that an answer has shown.
    recorded: Option<(Place, i64)>,
    in_doubt: Vec<(Place, (i64, i64))>,
}

impl Totals {
    /// Counts an answer to a report.
    pub fn count(&mut self, organization: &str, report: &Report, (status, body): (u16, &Value)) {
        let period = body["period"].as_str().unwrap_or(report.period());
        let place = (organization.to_owned(), period.to_owned());
        let recorded = body["recorded"].as_i64().filter(|_| status == 200);
        if recorded.is_none() && status != 503 {
            return;
        }
        let Some(key) = &report.key else {
            let total = self.places.entry(place).or_default();
            match recorded {
                Some(recorded) => total.recorded += recorded,
                None => total.in_doubt.push(vec![(0, 0), report.possible()]),
            }
            return;
        };
        let keyed = self.keys.entry((organization.to_owned(), report.caller, key.to_string())).or_default();
        match (recorded, &keyed.recorded) {
            (None, _) => keyed.in_doubt.push((place, report.possible())),
            (Some(recorded), None) => keyed.recorded = Some((place, recorded)),
            (Some(recorded), Some(first)) if (&place, recorded) != (&first.0, first.1) => {
                self.faults
                    .push(format!("the key {key} has recorded {recorded} in {place:?}, and {first:?}"));
            }
            (Some(_), Some(_)) => {}
        }
    }

    /// True if the total of a period can be this.
    pub fn can_be(&self, organization: &str, period: &str, total: i64) -> bool {
        let place = (organization.to_owned(), period.to_owned());
        let mut all = self.places.get(&place).cloned().unwrap_or_default();
        for Keyed { recorded, in_doubt } in self.keys.values() {
            match recorded {
                // It settles the reports in doubt.
                Some((of, units)) if *of == place => all.recorded += units,
                Some(_) => {}
                // At most one of them was recorded.
                None => {
                    let ranges = in_doubt.iter().filter(|(of, _)| *of == place).map(|(_, range)| *range);
                    all.in_doubt.push(ranges.chain([(0, 0)]).collect());
                }
            }
        }
        let mut possible = BTreeSet::from([(all.recorded, all.recorded)]);
        for ranges in all.in_doubt {
            let added = possible
                .iter()
                .flat_map(|(from, to)| ranges.iter().map(move |(least, most)| (from + least, to + most)));
            possible = added.collect();
        }
        possible.iter().any(|(from, to)| (*from..=*to).contains(&total))
    }

    /// The number of reports in doubt that no key settles.
    pub fn in_doubt(&self) -> usize {
        let without_key: usize = self.places.values().map(|total| total.in_doubt.len()).sum();
        without_key + self.keys.values().filter(|keyed| keyed.recorded.is_none()).count()
    }
}
