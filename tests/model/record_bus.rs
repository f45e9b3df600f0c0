//! What the bus got: every event at least once, never another content for an id, and every threshold that was reached.

use crate::clients::Answered;
use crate::record_table::Events;
use crate::usage::Report;
use serde_json::{Value, json};
use shared::model::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use support::bus::{Entry, NAME, SOURCE};

const THRESHOLD_REACHED: &str = "usage.threshold_reached";

/// Checks the entries of the bus against the stored events. Returns the entries of thresholds, by id.
pub fn check<'a>(taken: &'a [Entry], events: &Events) -> Result<BTreeMap<&'a str, Vec<&'a Value>>, String> {
    let (mut sent, mut thresholds) = (BTreeMap::new(), BTreeMap::<_, Vec<_>>::new());
    for entry in taken {
        if (entry.bus.as_str(), entry.source.as_str()) != (NAME, SOURCE) {
            return Err(format!("not to the bus, or of another source: {entry:?}"));
        }
        let id = entry.detail["id"].as_str().ok_or_else(|| format!("without an id: {entry:?}"))?;
        if entry.detail_type == THRESHOLD_REACHED {
            thresholds.entry(id).or_default().push(&entry.detail);
        } else if let Some(other) = sent.insert(id, entry)
            && other != entry
        {
            return Err(format!("two events of one id: {other:?}\n  {entry:?}"));
        }
    }
    for (organization, number, event) in each(events) {
        let id = format!("{organization}#{number}");
        let mut detail = event.clone();
        (detail["id"], detail["organizationId"]) = (json!(id), json!(organization));
        let Some(entry) = sent.remove(id.as_str()) else { return Err(format!("the bus did not get {id}")) };
        let at = Timestamp::from_seconds((entry.time.unwrap_or_default() / 1000).unsigned_abs()).unwrap();
        let is_at = event["at"].as_str().is_some_and(|text| text[..19] == at.as_str()[..19]);
        if entry.detail != detail || event["type"] != *entry.detail_type || !is_at {
            return Err(format!("{entry:?}\n  but stored is {event}"));
        }
    }
    match sent.keys().next() {
        Some(id) => Err(format!("the bus got {id}, which is not stored")),
        None => Ok(thresholds),
    }
}

fn each(events: &Events) -> impl Iterator<Item = (&String, &u64, &Value)> {
    events.iter().flat_map(|(organization, events)| {
        events.iter().map(move |(number, event)| (organization, number, event))
    })
}

/// Checks the thresholds against the answers to reports of usage. `most` is how often one of an organization may be told.
pub fn thresholds(
    told: &BTreeMap<&str, Vec<&Value>>,
    all: &[Answered],
    most: impl Fn(&str) -> usize,
) -> Result<(), String> {
    let mut reports: BTreeMap<(String, String), Vec<&Answered>> = BTreeMap::new();
    for answered in all {
        if let (Some(report), 200 | 503) =
            (Report::of(&answered.call, &answered.answer.body), answered.answer.status)
        {
            let shown = answered.answer.body["period"].as_str();
            let period = shown.unwrap_or(report.period()).to_owned();
            reports.entry((answered.call.organization.clone(), period)).or_default().push(answered);
        }
    }
    for ((organization, period), reports) in &reports {
        let exact = reports.iter().filter(|one| one.shows_what_it_recorded());
        for percent in exact.flat_map(|one| reached(&one.answer.body)) {
            let id = format!("{organization}#{period}#{percent}");
            if !told.contains_key(id.as_str()) {
                return Err(format!("{id} was reached and not told: {reports:#?}"));
            }
        }
    }
    for (id, details) in told {
        let detail = details[0];
        let text = |field: &str| detail[field].as_str().unwrap_or_default();
        let (organization, period) = (text("organizationId"), text("period"));
        let percent = detail["threshold"].as_u64().unwrap_or_default();
        let is_consistent = *id == format!("{organization}#{period}#{percent}")
            && details.iter().all(|detail| reached(detail).contains(&percent));
        let reports = reports.get(&(organization.to_owned(), period.to_owned()));
        let figures = ["used", "includedUnits", "overages", "maxOverages"];
        let is_of = |one: &&&Answered| {
            !one.shows_what_it_recorded() || figures.iter().all(|name| one.answer.body[name] == detail[name])
        };
        if !is_consistent || reports.is_none_or(|reports| !reports.iter().any(|one| is_of(&one))) {
            return Err(format!("no report has reached {id}: {details:?}\n  {reports:#?}"));
        }
        if details.len() > most(organization) {
            return Err(format!("{id} was told {} times", details.len()));
        }
    }
    Ok(())
}

/// The parts of the limit that these figures reach, in percent.
fn reached(usage: &Value) -> BTreeSet<u64> {
    let overages = usage["overages"].as_u64().unwrap_or_default();
    let max = usage["maxOverages"].as_u64().filter(|max| *max > 0);
    let is_reached = |percent: &u64| max.is_some_and(|max| overages * 100 >= max * percent);
    [50, 80, 100].into_iter().filter(is_reached).collect()
}

impl Answered {
    /// True if the answer shows the total that the report made and the limit that it was judged by. After a fault, it may
    /// show later ones, and a repetition shows those of now.
    fn shows_what_it_recorded(&self) -> bool {
        let writes = self
            .asked
            .iter()
            .filter(|action| ["UpdateItem", "TransactWriteItems"].contains(&action.as_str()));
        self.answer.status == 200 && !self.answer.replayed && writes.count() == 1
    }
}
