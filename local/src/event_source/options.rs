use super::Filter;
use crate::{Error, template, workspace_root};
use std::{path::PathBuf, time::Duration};

/// How a mapping forms batches and what it does when the function fails. The default has no filters, reports and
/// bisects, retries without a limit for six hours, and keeps its checkpoint in memory.
#[derive(Debug, Clone)]
pub struct MappingOptions {
    /// `BatchSize`: how many records an event has at most.
    pub batch_size: usize,
    /// `BisectBatchOnFunctionError`: whether a batch that failed is split in two.
    pub bisect: bool,
    /// `ReportBatchItemFailures`: whether the function's answer says which records failed.
    pub report_batch_item_failures: bool,
    /// `MaximumRetryAttempts`: how often a batch that failed is retried.
    pub max_retries: Option<u32>,
    /// `MaximumRecordAgeInSeconds`: records of this age are no longer sent to the function. A record's time is known
    /// to the second.
    pub max_record_age: Option<Duration>,
    /// `FilterCriteria`: a record is sent if one of them matches. Without any, all are sent.
    pub filters: Vec<Filter>,
    /// The time between two looks at an empty stream.
    pub poll_interval: Duration,
    /// The time before a retry. It doubles with each that fails.
    pub retry_delay: Duration,
    /// The longest time before a retry.
    pub max_retry_delay: Duration,
    /// A file for the position in the stream, from which the next mapping goes on.
    pub checkpoint: Option<PathBuf>,
}

impl Default for MappingOptions {
    fn default() -> Self {
        Self {
            batch_size: 100,
            bisect: true,
            report_batch_item_failures: true,
            max_retries: None,
            max_record_age: Some(Duration::from_secs(6 * 60 * 60)),
            filters: Vec::new(),
            poll_interval: Duration::from_millis(25),
            retry_delay: Duration::from_millis(50),
            max_retry_delay: Duration::from_secs(2),
            checkpoint: None,
        }
    }
}

impl MappingOptions {
    /// The options of the mapping in template.yaml, or the default ones if it has none.
    ///
    /// # Errors
    /// If the template cannot be read, or has a filter that [`Filter`] does not know.
    pub fn of_template() -> Result<Self, Error> {
        template::Consumer::read()?.map_or_else(|| Ok(Self::default()), |consumer| Self::of(&consumer))
    }

    fn of(consumer: &template::Consumer) -> Result<Self, Error> {
        let refused = |reason| Error::Template { path: workspace_root().join("template.yaml"), reason };
        let patterns = consumer.filter_criteria.filters.iter().map(|filter| Filter::parse(&filter.pattern));
        let reports = consumer.function_response_types.iter().any(|kind| kind == "ReportBatchItemFailures");
        Ok(Self {
            batch_size: consumer.batch_size,
            bisect: consumer.bisect_batch_on_function_error,
            report_batch_item_failures: reports,
            // -1 stands for no limit.
            max_retries: u32::try_from(consumer.maximum_retry_attempts).ok(),
            max_record_age: u64::try_from(consumer.maximum_record_age_in_seconds)
                .ok()
                .map(Duration::from_secs),
            filters: patterns.collect::<Result<_, _>>().map_err(refused)?,
            ..Self::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minus_one_is_no_limit_and_other_numbers_are_limits() {
        let mut consumer = template::Consumer {
            batch_size: 7,
            bisect_batch_on_function_error: false,
            function_response_types: Vec::new(),
            maximum_retry_attempts: -1,
            maximum_record_age_in_seconds: -1,
            filter_criteria: template::FilterCriteria::default(),
        };
        let options = MappingOptions::of(&consumer).unwrap();
        assert_eq!(
            (options.batch_size, options.bisect, options.report_batch_item_failures),
            (7, false, false)
        );
        assert_eq!((options.max_retries, options.max_record_age), (None, None));
        (consumer.maximum_retry_attempts, consumer.maximum_record_age_in_seconds) = (0, 60);
        let options = MappingOptions::of(&consumer).unwrap();
        assert_eq!((options.max_retries, options.max_record_age), (Some(0), Some(Duration::from_secs(60))));
        consumer.filter_criteria.filters.push(template::Filter { pattern: "[]".to_owned() });
        assert!(MappingOptions::of(&consumer).is_err());
    }

    #[test]
    fn the_template_of_this_workspace_has_a_mapping_that_is_understood() {
        MappingOptions::of_template().unwrap();
    }
}
