//! The steps of a report of usage. It reads the limit, and later adds to a total. Between the two, others may report,
//! and change the limit. The report is then recorded only if no report to the period was judged by a later limit.

use crate::answer::Answer;
use crate::clients::Answered;
use crate::organization::Organization;
use crate::parts::Part;
use crate::usage::{Limit, Report};
use serde_json::json;
use std::collections::BTreeMap;

/// What reports have read, and by which limits they were judged.
#[derive(Debug, Clone, Default)]
pub struct Reports {
    /// The limits that reports have read, and the versions that they are of. By the number of the request.
    judged: BTreeMap<usize, (Limit, u64)>,
    /// The totals on which reports were refused.
    refused: BTreeMap<usize, i64>,
    /// The latest versions by which recorded reports were judged, by period.
    fences: BTreeMap<String, u64>,
}

impl Reports {
    /// Takes a step of a request. Returns false if the answer does not allow it here.
    pub fn take(
        &mut self,
        (number, part): (usize, Part),
        organization: &mut Organization,
        Answered { call, answer, .. }: &Answered,
        reads_later: bool,
    ) -> bool {
        let Some(report) = Report::of(call, &answer.body) else { return false };
        let (used, recorded) = (answer.body["used"].as_i64(), answer.body["recorded"].as_i64());
        match (part, answer.code()) {
            (Part::Access, code) => {
                let limit = organization.limit();
                self.judged.insert(number, (limit, organization.version));
                let shows_limit = || {
                    let period = answer.body["period"].as_str().unwrap_or_default();
                    let body = limit.shown_with(&organization.id, period, used.unwrap_or_default(), recorded);
                    *answer == Answer { replayed: answer.replayed, ..Answer::ok(body) }
                };
                !organization.is_deleted()
                    && (code.is_some() || shows_limit())
                    && self.explains_refusal(number, &report, answer)
            }
            (Part::Change, code) => {
                let Some((limit, version)) = self.judged.get(&number) else { return false };
                let fence = self.fences.entry(report.period().to_owned()).or_default();
                if version < fence || organization.usage.repeated(&report) != Ok(None) {
                    return false;
                }
                let made = organization.usage.record(&report, *limit);
                if made.is_ok() {
                    *fence = *version;
                }
                let total = Some(organization.usage.used(report.period()));
                code.is_some() || (made.ok() == recorded && (reads_later || total == used))
            }
            (_, None) => {
                let period = answer.body["period"].as_str().unwrap_or_default();
                let first = organization.usage.repeated(&report);
                let is_first =
                    matches!(first, Ok(Some((of, units))) if of == period && Some(units) == recorded);
                (is_first || !answer.replayed) && Some(organization.usage.used(period)) == used
            }
            (_, Some("idempotency_key_reused")) => organization.usage.repeated(&report).is_err(),
            (_, Some(_)) => {
                self.refused.insert(number, organization.usage.used(report.period()));
                organization.usage.repeated(&report) == Ok(None)
                    && self.explains_refusal(number, &report, answer)
            }
        }
    }

    /// False if the limit and the total that a refused report has read, once both are known, do not refuse it.
    fn explains_refusal(&self, number: usize, report: &Report, answer: &Answer) -> bool {
        match (self.judged.get(&number), self.refused.get(&number)) {
            (Some((limit, _)), Some(used)) => {
                let refusal = report.units(*used, *limit).err();
                refusal.is_some_and(|refusal| answer.differs(Answer::refusal(refusal)).is_ok())
            }
            _ => true,
        }
    }
}

/// True if the usage in an answer has this limit, whatever the total.
pub fn shows_limit(organization: &Organization, answer: &Answer) -> bool {
    let (period, used) = (&answer.body["period"], answer.body["used"].as_i64());
    let limit = organization.limit();
    let body = limit.shown_with(
        &organization.id,
        period.as_str().unwrap_or_default(),
        used.unwrap_or_default(),
        None,
    );
    answer.body == body
}

/// True if the usage in an answer has this total, whatever the limit.
pub fn shows_total(organization: &Organization, answer: &Answer) -> bool {
    let period = answer.body["period"].as_str().unwrap_or_default();
    answer.body["used"] == json!(organization.usage.used(period))
}
