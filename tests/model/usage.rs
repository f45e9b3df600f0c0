//! What one organization of the reference model has used, and the limits of its plan.

use crate::action::Action;
use crate::answer::Answer;
use crate::model::Refusal;
use crate::organization::Organization;
use crate::request::Call;
use crate::values::default_period;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The largest total of a period.
const MAX_USED: i64 = (1 << 53) - 1;

/// Units, period and `overLimit`, as the request gives them.
pub type Request = (i64, Option<&'static str>, &'static str);

/// What an organization has used.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    /// The totals, by period.
    pub totals: BTreeMap<String, i64>,
    /// The recorded reports with a key, by caller and key.
    reports: BTreeMap<(&'static str, String), Reported>,
}

/// The first report with a key.
#[derive(Debug, Clone)]
struct Reported {
    request: Request,
    period: String,
    recorded: i64,
}

/// How much an organization may use in a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    pub included_units: i64,
    pub max_overages: Option<i64>,
}

/// A report of usage.
#[derive(Debug, Clone)]
pub struct Report {
    pub caller: &'static str,
    pub key: Option<String>,
    pub request: Request,
    pub period: String,
}

impl Report {
    /// The report that a call makes, if it makes a valid one. If the call does not name the period, it is that of `shown`, the
    /// answer's body.
    pub fn of(call: &Call, shown: &Value) -> Option<Self> {
        let Action::RecordUsage { units, period, over_limit, key } = *call.action() else { return None };
        let period = period.map(|(_, stored)| stored).transpose().ok()?;
        let request = (units, period, over_limit.unwrap_or("refuse"));
        let period = request.1.map_or_else(|| default_period(shown), str::to_owned);
        Some(Self { caller: call.request.caller, key: key.map(str::to_owned), request, period })
    }

    /// The units that it may add, the least and the most, if it is recorded at all.
    pub fn possible(&self) -> (i64, i64) {
        match self.request {
            (units @ ..0, _, _) => (units, 0),
            (units, _, "partial") => (0, units),
            (units, _, _) => (units, units),
        }
    }

    pub fn period(&self) -> &str {
        &self.period
    }

    /// The units that it adds to a total under a limit.
    pub fn units(&self, used: i64, limit: Limit) -> Result<i64, Refusal> {
        let (units, _, over_limit) = self.request;
        if units < 0 {
            return Ok(units.max(-used));
        }
        let limit = limit.units().filter(|_| over_limit != "record").unwrap_or(MAX_USED);
        let remaining = (limit - used).max(0);
        match over_limit {
            _ if units <= remaining => Ok(units),
            "partial" => Ok(remaining),
            _ => Err((422, "overages_exhausted", json!({ "remaining": remaining }))),
        }
    }
}

impl Limit {
    fn units(self) -> Option<i64> {
        self.max_overages.map(|overages| self.included_units + overages)
    }

    /// The usage of a period with this total.
    pub fn shown_with(self, organization: &str, period: &str, used: i64, recorded: Option<i64>) -> Value {
        let mut body = json!({
            "organizationId": organization,
            "period": period,
            "used": used,
            "includedUnits": self.included_units,
            "overages": (used - self.included_units).max(0),
            "maxOverages": self.max_overages,
            "remaining": self.units().map(|limit| (limit - used).max(0)),
        });
        if let Some(recorded) = recorded {
            body["recorded"] = json!(recorded);
        }
        body
    }
}

impl Usage {
    /// The total of a period.
    pub fn used(&self, period: &str) -> i64 {
        self.totals.get(period).copied().unwrap_or_default()
    }

    /// What the first report with the same key recorded, and its period.
    pub fn repeated(&self, report: &Report) -> Result<Option<(String, i64)>, Refusal> {
        let first = report.key.clone().and_then(|key| self.reports.get(&(report.caller, key)));
        match first {
            None => Ok(None),
            Some(first) if first.request == report.request => {
                Ok(Some((first.period.clone(), first.recorded)))
            }
            Some(_) => Err((422, "idempotency_key_reused", Value::Null)),
        }
    }

    /// Records a report under a limit. Returns the units that it adds.
    pub fn record(&mut self, report: &Report, limit: Limit) -> Result<i64, Refusal> {
        let used = self.totals.get(&report.period).copied();
        let recorded = report.units(used.unwrap_or_default(), limit)?;
        self.totals.insert(report.period.clone(), used.unwrap_or_default() + recorded);
        if let Some(key) = report.key.clone() {
            let (request, period) = (report.request, report.period.clone());
            self.reports.insert((report.caller, key), Reported { request, period, recorded });
        }
        Ok(recorded)
    }
}

impl Organization {
    /// The limit of its periods.
    pub fn limit(&self) -> Limit {
        Limit { included_units: self.included_units, max_overages: self.max_overages }
    }

    /// Records a report, once per key. It does not change the organization's version.
    pub fn report(&mut self, call: &Call, shown: &Value) -> Result<Answer, Refusal> {
        self.may_use(call)?;
        let report = Report::of(call, shown).expect("a report");
        let (limit, id) = (self.limit(), self.id.clone());
        if let Some((period, recorded)) = self.usage.repeated(&report)? {
            let body = limit.shown_with(&id, &period, self.usage.used(&period), Some(recorded));
            return Ok(Answer { replayed: true, ..Answer::ok(body) });
        }
        let recorded = self.usage.record(&report, limit)?;
        let used = self.usage.used(&report.period);
        Ok(Answer::ok(limit.shown_with(&id, &report.period, used, Some(recorded))))
    }

    /// The usage of a period, as shown in an answer. Without a period, that of the current month.
    pub fn used(&self, period: Option<String>, shown: &Value) -> Value {
        let period = period.unwrap_or_else(|| default_period(shown));
        self.limit().shown_with(&self.id, &period, self.usage.used(&period), None)
    }

    /// The plan as shown in an answer.
    pub fn plan(&mut self, shown: &Value) -> Value {
        let mut body = self.last_change(shown);
        body["includedUnits"] = json!(self.included_units);
        body["maxMembers"] = json!(self.max_members);
        body
    }

    /// The limit of overages as shown in an answer.
    pub fn overages(&mut self, shown: &Value) -> Value {
        let mut body = self.last_change(shown);
        body["maxOverages"] = json!(self.max_overages);
        body
    }
}
