use super::{MappingOptions, failure::Condition, stream::sequence_number};
use serde_json::Value;
use std::{
    mem,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Records that a function gets in one event.
#[derive(Debug, PartialEq)]
pub(super) struct Batch {
    pub(super) records: Vec<Value>,
    /// How often it failed. Splitting does not count.
    failures: u32,
    /// How often the function got all of its records.
    pub(super) invocations: u32,
    /// True if the function failed at it, false if it reported the records that failed.
    pub(super) has_error: bool,
}

/// What an invocation did with a batch.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// All records are handled.
    Done,
    /// The records before this index are handled.
    From { index: usize, reason: String },
    /// No record counts as handled. `is_error` tells a failed invocation from an answer that says nothing.
    Failed { reason: String, is_error: bool },
}

impl Verdict {
    /// Reads the answer of the function. `reports` says whether it reports records.
    pub(super) fn of(answer: &Value, records: &[Value], reports: bool) -> Self {
        let failed = |reason: String| Self::Failed { reason, is_error: false };
        let failures = match &answer["batchItemFailures"] {
            _ if !reports => return Self::Done,
            Value::Null => return Self::Done,
            Value::Array(failures) if failures.is_empty() => return Self::Done,
            Value::Array(failures) => failures,
            other => return failed(format!("batchItemFailures is {other}")),
        };
        // The records are in the order of their numbers, so the lowest is the first.
        let mut first = records.len();
        for failure in failures {
            let reported = failure["itemIdentifier"].as_str().unwrap_or_default();
            match records.iter().position(|record| sequence_number(record) == reported) {
                Some(index) => first = first.min(index),
                None => return failed(format!("the batch has no record {failure}")),
            }
        }
        let (all, number) = (records.len(), records.get(first).map(sequence_number).unwrap_or_default());
        Self::From {
            index: first,
            reason: format!("record {} of {all} failed, sequence number {number}", first + 1),
        }
    }

    pub(super) fn reason(&self) -> &str {
        match self {
            Self::Done => "",
            Self::From { reason, .. } | Self::Failed { reason, .. } => reason,
        }
    }
}

impl Batch {
    pub(super) fn new(records: Vec<Value>) -> Self {
        Self { records, failures: 0, invocations: 0, has_error: false }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) fn first(&self) -> Option<&Value> {
        self.records.first()
    }

    pub(super) fn last(&self) -> Option<&Value> {
        self.records.last()
    }

    /// Removes the records that are not to be sent to the function any more: all of them if no retry is left, or
    /// the first ones if they are too old.
    pub(super) fn give_up(&mut self, options: &MappingOptions, now: SystemTime) -> Option<(Self, Condition)> {
        let (count, condition) = if options.max_retries.is_some_and(|max| self.failures > max) {
            (self.records.len(), Condition::RetryAttemptsExhausted)
        } else {
            let age = options.max_record_age?;
            let is_old = |record: &&Value| now.duration_since(time(record)).is_ok_and(|passed| passed >= age);
            (self.records.iter().take_while(is_old).count(), Condition::RecordAgeExceeded)
        };
        (count > 0).then(|| (self.take(count), condition))
    }

    fn take(&mut self, count: usize) -> Self {
        let rest = self.records.split_off(count);
        Self { records: mem::replace(&mut self.records, rest), ..*self }
    }

    /// The records that the invocation handled, and the parts to invoke the function with again, in order.
    ///
    /// With bisecting, a batch that failed is split in two, and one that failed from some record on is split there.
    /// Neither counts as a retry. What cannot be split is retried as it is.
    pub(super) fn after(mut self, verdict: Verdict, bisect: bool) -> (Self, Vec<Self>) {
        let (handled, has_error) = match verdict {
            Verdict::Done => (self.records.len(), false),
            Verdict::From { index, .. } => (index, false),
            Verdict::Failed { is_error, .. } => (0, is_error),
        };
        let is_reported = matches!(verdict, Verdict::From { .. });
        let handled = self.take(handled);
        self.has_error = has_error;
        let is_split = bisect && (!handled.is_empty() || (!is_reported && self.records.len() > 1));
        if !is_split {
            self.failures += 1;
            return (handled, vec![self]);
        }
        self.invocations = 0;
        if is_reported {
            return (handled, vec![self]);
        }
        let first = self.take(self.records.len().div_ceil(2));
        (handled, vec![first, self])
    }
}

/// When the record was written, in whole seconds.
pub(super) fn time(record: &Value) -> SystemTime {
    let seconds = record["dynamodb"]["ApproximateCreationDateTime"].as_u64().unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn records(numbers: &[u64]) -> Vec<Value> {
        let record = |number: &u64| json!({ "dynamodb": { "SequenceNumber": number.to_string(), "ApproximateCreationDateTime": number } });
        numbers.iter().map(record).collect()
    }

    fn verdict(answer: Value) -> Verdict {
        Verdict::of(&answer, &records(&[100, 101, 102, 103]), true)
    }

    /// The conditions of the page that the module names.
    #[test]
    fn an_answer_without_failures_is_success() {
        for answer in
            [json!(null), json!({}), json!({ "batchItemFailures": null }), json!({ "batchItemFailures": [] })]
        {
            assert_eq!(verdict(answer.clone()), Verdict::Done, "{answer}");
        }
    }

    #[test]
    fn the_lowest_number_counts_whatever_the_order() {
        let failures =
            json!({ "batchItemFailures": [{ "itemIdentifier": "103" }, { "itemIdentifier": "101" }] });
        let Verdict::From { index, reason } = verdict(failures.clone()) else { panic!("a part is done") };
        assert_eq!((index, reason.as_str()), (1, "record 2 of 4 failed, sequence number 101"));
        assert_eq!(Verdict::of(&failures, &records(&[101, 103]), false), Verdict::Done);
    }

    #[test]
    fn an_identifier_that_names_no_record_fails_the_batch() {
        for failure in [
            json!({ "itemIdentifier": "" }),
            json!({ "itemIdentifier": null }),
            json!({ "identifier": "101" }),
            json!({ "itemIdentifier": "99" }),
        ] {
            let answer = json!({ "batchItemFailures": [{ "itemIdentifier": "102" }, failure.clone()] });
            assert!(matches!(verdict(answer), Verdict::Failed { is_error: false, .. }), "{failure}");
        }
        assert!(matches!(verdict(json!({ "batchItemFailures": "101" })), Verdict::Failed { .. }));
    }

    fn failed() -> Verdict {
        Verdict::Failed { reason: String::new(), is_error: true }
    }

    #[test]
    fn a_batch_that_failed_is_split_in_two_until_single_records_are_retried() {
        let (handled, halves) = Batch::new(records(&[1, 2, 3])).after(failed(), true);
        assert!(handled.is_empty());
        let sizes: Vec<_> = halves.iter().map(|half| (half.records.len(), half.failures)).collect();
        assert_eq!(sizes, [(2, 0), (1, 0)]);
        let (_, again) = Batch::new(records(&[1])).after(failed(), true);
        assert_eq!((again.len(), again[0].failures), (1, 1));
        let (_, whole) = Batch::new(records(&[1, 2])).after(failed(), false);
        assert_eq!((whole.len(), whole[0].failures), (1, 1));
    }

    #[test]
    fn a_reported_batch_is_split_at_the_report() {
        let from = |index| Verdict::From { index, reason: String::new() };
        for (index, bisect, failures) in [(2, true, 0), (2, false, 1), (0, true, 1)] {
            let (handled, rest) = Batch::new(records(&[1, 2, 3])).after(from(index), bisect);
            assert_eq!(handled.records, records(&[1, 2, 3])[..index]);
            assert_eq!((rest.len(), rest[0].failures), (1, failures), "{index}, {bisect}");
            assert_eq!(rest[0].records, records(&[1, 2, 3])[index..]);
        }
    }

    #[test]
    fn only_records_of_that_age_are_removed() {
        let max_record_age = Some(Duration::from_secs(10));
        let options = MappingOptions { max_record_age, ..MappingOptions::default() };
        let mut batch = Batch::new(records(&[10, 11, 12]));
        let now = UNIX_EPOCH + Duration::from_secs(21);
        let (old, condition) = batch.give_up(&options, now).unwrap();
        assert_eq!((old.records, condition), (records(&[10, 11]), Condition::RecordAgeExceeded));
        assert_eq!(batch.records, records(&[12]));
        assert_eq!(batch.give_up(&options, now), None);
    }
}
