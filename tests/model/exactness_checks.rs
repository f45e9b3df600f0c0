//! What must hold after reports and changes of the limit at the same time.

use crate::exactness_clients::{INCLUDED_UNITS, Sent, Set, World};
use crate::exactness_stream::Image;
use crate::totals::Totals;
use std::collections::{BTreeMap, BTreeSet};

/// Checks the answers. Returns what contradicts the limits.
pub fn answers(world: &World) -> Vec<String> {
    let (sent, sets) = (world.sent.borrow(), world.sets.borrow());
    let mut faults = Vec::new();
    let mut keys: BTreeMap<&String, Vec<&Sent>> = BTreeMap::new();
    for one in sent.iter() {
        if let Some(key) = &one.report.key {
            keys.entry(key).or_default().push(one);
        }
        if !matches!(one.status, 200 | 409 | 422 | 503) {
            faults.push(format!("an unexpected answer: {one:?}"));
        }
        let (used, recorded) = (one.body["used"].as_i64(), one.body["recorded"].as_i64());
        if one.status == 200 && !one.replayed && recorded > Some(0) && used > highest(&sets, one.order) {
            let highest = highest(&sets, one.order);
            faults.push(format!("above {highest:?}, the highest limit since it began: {one:?}"));
        }
    }
    for (key, sent) in keys {
        let firsts = sent.iter().filter(|one| one.status == 200 && !one.replayed).count();
        if firsts > 1 {
            faults.push(format!("{key} was recorded {firsts} times: {sent:?}"));
        }
        // It is remembered, even if the limit is exhausted.
        let known = sent.iter().filter(|one| one.status == 200).map(|one| one.order[1]).min();
        let refused = |one: &&&Sent| one.status == 422 && known.is_some_and(|known| one.order[0] > known);
        if let Some(refused) = sent.iter().find(refused) {
            faults.push(format!("{key} was recorded, and then refused: {refused:?}"));
        }
    }
    faults
}

/// The highest total that the limits in force between these positions allow.
fn highest(sets: &[Set], [began, ended]: [usize; 2]) -> Option<i64> {
    let last = sets.iter().rposition(|set| set.version.is_some() && set.order[1] < began);
    let in_force = sets[last.unwrap_or_default()..].iter().filter(|set| set.order[0] < ended);
    let limits = in_force.map(|set| set.max_overages.map_or(i64::MAX, |overages| INCLUDED_UNITS + overages));
    limits.max()
}

/// Checks that this is the sum of what was answered as recorded. Returns the number of reports that no answer settles.
pub fn total(world: &World, used: i64, faults: &mut Vec<String>) -> usize {
    let mut totals = Totals::default();
    let sent = world.sent.borrow();
    let periods = sent.iter().filter_map(|one| one.body["period"].as_str());
    let period = periods.max().unwrap_or_default();
    for one in sent.iter() {
        let mut report = one.report.clone();
        period.clone_into(&mut report.period);
        totals.count(&world.organization, &report, (one.status, &one.body));
    }
    faults.append(&mut totals.faults);
    if !totals.can_be(&world.organization, period, used) {
        faults.push(format!("the total is {used}, which is not the sum of what was recorded: {totals:?}"));
    }
    totals.in_doubt()
}

/// Checks that the table has recorded each report that was answered so, once, and others only if they are in doubt.
pub fn changes(world: &World, images: &[Image], faults: &mut Vec<String>) {
    let sent = world.sent.borrow();
    let mut changes: BTreeMap<i64, usize> = BTreeMap::new();
    for image in images {
        *changes.entry(image.used - image.before).or_default() += 1;
    }
    let recorded: BTreeSet<_> =
        sent.iter().filter(|one| one.status == 200).map(|one| &one.report.key).collect();
    let mut counted = BTreeSet::new();
    for one in sent.iter().filter(|one| one.status == 200) {
        let units = one.body["recorded"].as_i64().unwrap_or_default();
        if one.report.key.is_some() && !counted.insert(&one.report.key) {
            continue;
        }
        match changes.get_mut(&units).filter(|left| **left > 0) {
            Some(left) => *left -= 1,
            None => faults.push(format!("answered as recorded, but not in the table: {one:?}")),
        }
    }
    let in_doubt: Vec<_> = sent
        .iter()
        .filter(|one| one.status == 503 && (one.report.key.is_none() || !recorded.contains(&one.report.key)))
        .map(|one| one.report.possible())
        .collect();
    for (change, left) in changes {
        let possible = in_doubt.iter().filter(|(least, most)| (*least..=*most).contains(&change)).count();
        if left > possible {
            faults.push(format!(
                "{left} changes of {change} that no report has made, {possible} being in doubt"
            ));
        }
    }
}

/// Checks every total that the table has had.
pub fn images(world: &World, images: &[Image], faults: &mut Vec<String>) {
    let sets = world.sets.borrow();
    let limits: BTreeMap<_, _> =
        sets.iter().filter_map(|set| Some((set.version?, set.max_overages))).collect();
    let (mut total, mut version, mut mutations) = (0, 0, BTreeSet::new());
    for image in images {
        let limit = image.max_overages.map_or(i64::MAX, |overages| image.included_units + overages);
        if image.used > image.before && image.used > limit {
            faults.push(format!("a total above its limit: {image:?}"));
        }
        if image.version < version {
            faults.push(format!("a report judged by an older version than {version}: {image:?}"));
        }
        if limits.get(&image.version).is_some_and(|limit| *limit != image.max_overages) {
            faults.push(format!("judged by a limit that its version did not have: {image:?}"));
        }
        if !mutations.insert(&image.mutation) {
            faults.push(format!("a report was recorded twice: {image:?}"));
        }
        if image.before != total {
            faults.push(format!("a total of {total} was lost: {image:?}"));
        }
        (total, version) = (image.used, image.version);
    }
}
