//! What template.yaml deploys by default.

use serde_json::Value;

/// The metrics that a query over those of all DynamoDB operations finds: each of the operations that the functions
/// use has one.
const QUERIED_METRICS: usize = 6;

/// The template's defaults that cost depends on.
pub(crate) struct Deployed {
    /// Memory of a function in megabytes.
    pub(crate) memory: f64,
    /// Requests per second above which the API throttles.
    pub(crate) throttle: f64,
    /// Metrics that alarms watch. AWS bills each.
    pub(crate) alarm_metrics: f64,
    /// Number of dashboards.
    pub(crate) dashboards: f64,
}

impl Deployed {
    /// # Errors
    /// If the template lacks one of the values.
    pub(crate) fn read(template: &Value) -> Result<Self, String> {
        let default = |name: &str| {
            let value = template.pointer(&format!("/Parameters/{name}/Default")).and_then(Value::as_f64);
            value.ok_or_else(|| format!("template.yaml has no default for {name}"))
        };
        let resources =
            template.get("Resources").and_then(Value::as_object).ok_or("template.yaml has no Resources")?;
        let of_type = |kind: &'static str| {
            resources.values().filter(move |resource| resource.get("Type").is_some_and(|is| is == kind))
        };
        let metrics = |alarm: &Value| match alarm.pointer("/Properties/Metrics").and_then(Value::as_array) {
            Some(metrics) => match metrics.iter().filter(|metric| metric.get("MetricStat").is_some()).count()
            {
                0 => QUERIED_METRICS,
                several => several,
            },
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
