//! Builders of usage: an organization with a limit, a period, and reports of a service.

use crate::{
    client::{Request, User},
    organizations::Organization,
    stack,
};
use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use serde_json::{Value, json};
use shared::model::{Period, Timestamp};

/// The fields of what getUsage answers.
pub(crate) const USAGE_FIELDS: [&str; 7] =
    ["organizationId", "period", "used", "includedUnits", "overages", "maxOverages", "remaining"];

/// A day in UTC, so many days after today, as answers show it.
pub(crate) fn day(after_today: i64) -> String {
    let now = i64::try_from(Timestamp::seconds_now()).expect("a time before the end of days");
    let day = DateTime::from_secs(now + after_today * 24 * 60 * 60).fmt(DateTimeFormat::DateTime);
    day.expect("a day")[..10].to_owned()
}

/// The current month, as answers show it.
pub(crate) fn month() -> String {
    Period::current().to_string()
}

/// An organization whose usage a service reports.
pub(crate) struct Meter {
    pub(crate) organization: Organization,
    pub(crate) owner: User,
    pub(crate) service: User,
    /// The period of reports that name none: one that stays when the month ends during a test.
    pub(crate) period: String,
}

/// A meter whose organization has this limit. It is then at version 3.
pub(crate) async fn meter(included_units: u64, max_overages: Value) -> Meter {
    let (owner, service) = (stack::user("alice"), stack::service());
    let organization = owner.create_organization("Metered").await;
    let meter = Meter { organization, owner, service, period: month() };
    meter.include(included_units).await;
    meter.allow(max_overages).await;
    meter
}

impl Meter {
    /// Sets how many units the plan includes.
    pub(crate) async fn include(&self, included_units: u64) {
        let body = json!({ "includedUnits": included_units });
        self.service.patch(self.organization.plan(), body).send().await.expect(200);
    }

    /// Sets how many overages are allowed.
    pub(crate) async fn allow(&self, max_overages: Value) {
        let body = json!({ "maxOverages": max_overages });
        self.owner.patch(self.organization.max_overages(), body).send().await.expect(200);
    }

    /// A report. If it names no period, it is of the meter's.
    pub(crate) fn reporting(&self, mut body: Value) -> Request {
        let body_fields = body.as_object_mut().expect("an object");
        body_fields.entry("period").or_insert_with(|| json!(self.period));
        self.service.post(self.organization.usage(), body)
    }

    /// Makes a report. Returns the answer's `recorded` and `used`.
    pub(crate) async fn report(&self, body: Value) -> (i64, u64) {
        let usage = self.reporting(body).send().await.expect(200);
        let recorded = usage["recorded"].as_i64().unwrap_or_else(|| panic!("nothing recorded: {usage}"));
        (recorded, usage["used"].as_u64().unwrap_or_else(|| panic!("nothing used: {usage}")))
    }

    /// Expects that a report is refused because it does not fit. Returns how many units are left.
    pub(crate) async fn exhausted(&self, body: Value) -> u64 {
        let refused = self.reporting(body).send().await;
        let details = refused.expect_error(422, "overages_exhausted");
        let remaining = details["remaining"].as_u64().unwrap_or_else(|| panic!("{refused}"));
        assert_eq!(details, json!({ "remaining": remaining }), "{refused}");
        remaining
    }

    /// A period's usage.
    pub(crate) async fn usage(&self, period: &str) -> Value {
        self.owner.get(format!("{}?period={period}", self.organization.usage())).send().await.expect(200)
    }

    /// The units used in the meter's period.
    pub(crate) async fn used(&self) -> u64 {
        self.usage(&self.period).await["used"].as_u64().expect("a number")
    }
}
