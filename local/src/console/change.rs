use super::{DIM, SUCCESS};
use local::BusEvent;
use serde::Serialize;
use serde_json::Value;
use std::fmt::{self, Display, Formatter};

/// An event that the function `record-events` sent to the bus, without what the file of the events has beside.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    /// Hours, minutes and seconds in UTC.
    time: String,
    r#type: String,
    organization_id: String,
    #[serde(flatten)]
    what: What,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum What {
    /// A change of the organization, by a `user` or a `service`.
    Version { number: u64, actor_kind: String },
    /// Its usage reached a part of its limit.
    Threshold { period: String, threshold: u64 },
    /// An event of a type that this program does not know.
    Other {},
}

impl Change {
    pub(crate) fn of(event: &BusEvent) -> Self {
        let text = |path| event.detail.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let number = |path| event.detail.pointer(path).and_then(Value::as_u64);
        let what = match (number("/number"), text("/actor/kind"), text("/period"), number("/threshold")) {
            (Some(number), Some(actor_kind), ..) => What::Version { number, actor_kind },
            (.., Some(period), Some(threshold)) => What::Threshold { period, threshold },
            _ => What::Other {},
        };
        Self {
            time: event.time.get(11..19).unwrap_or_default().to_owned(),
            r#type: event.detail_type.clone(),
            organization_id: text("/organizationId").unwrap_or_default(),
            what,
        }
    }
}

/// Columns as those of a request, with the type in place of the route.
impl Display for Change {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { time, r#type, organization_id, what } = self;
        write!(f, "{DIM}{time}{DIM:#}  {SUCCESS}event{SUCCESS:#}  {:<46} {organization_id}", r#type)?;
        match what {
            What::Version { number, actor_kind } => write!(f, "  {number} by a {actor_kind}"),
            What::Threshold { period, threshold } => write!(f, "  {threshold} % of {period}"),
            What::Other {} => Ok(()),
        }
    }
}
