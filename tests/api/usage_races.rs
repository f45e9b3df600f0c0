//! The limit of usage under concurrent reports and changes of the limit. The reports go to the functions in this
//! process: the stack has four instances of each, so at most four requests overlap there.
//!
//! `RACES=10` runs ten times as many rounds.

use crate::{
    in_process::{Answer, Functions},
    invitation_races::rounds,
    metering::month,
    stack,
};
use functions::Operation;
use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::settings::Settings;
use std::{cell::RefCell, cmp::Ordering};
use support::{event::Request, invariants::Contents};

const CLIENTS: u64 = 40;

/// An organization with a limit, and the functions that meter it.
struct Meter {
    functions: Functions,
    organization: String,
    period: String,
}

impl Meter {
    async fn start(included_units: u64, max_overages: Value) -> Self {
        let functions = Functions::start(Settings::default()).await;
        let organization = functions.organization("ann").await;
        let meter = Self { functions, organization, period: month() };
        let plan =
            meter.request(Operation::SetPlan, "service:meter", json!({ "includedUnits": included_units }));
        meter.functions.send(&plan).await.expect(200);
        meter.functions.send(&meter.allowing(&max_overages)).await.expect(200);
        meter
    }

    fn request(&self, operation: Operation, caller: &str, body: Value) -> Request {
        Request::new(operation, caller).of("organization_id", &self.organization).body(body)
    }

    /// A change of the limit.
    fn allowing(&self, max_overages: &Value) -> Request {
        self.request(Operation::SetMaxOverages, "ann", json!({ "maxOverages": max_overages }))
    }

    fn reporting(&self, units: i64, over_limit: &str) -> Request {
        let body = json!({ "units": units, "overLimit": over_limit, "period": self.period });
        self.request(Operation::RecordUsage, "service:meter", body)
    }

    /// Sends a request, and again while its answer is a conflict: that changed nothing.
    async fn send(&self, request: &Request) -> Answer {
        for _ in 0..200 {
            let answer = self.functions.send(request).await;
            if !answer.is_conflict() && answer.body["code"] != "idempotency_in_progress" {
                return answer;
            }
        }
        panic!("200 conflicts in a row")
    }

    /// The units used, as they are stored.
    async fn used(&self) -> u64 {
        let contents = Contents::read(&self.functions.database.client).await;
        contents.expect_no_fault();
        contents.usage.get(&(self.organization.clone(), self.period.clone())).copied().unwrap_or(0)
    }
}

/// The units that a report recorded: none if it was refused for lack of room.
#[track_caller]
fn recorded(answer: &Answer) -> i64 {
    if answer.status == 422 {
        answer.expect_error(422, "overages_exhausted");
        return 0;
    }
    answer.expect(200)["recorded"].as_i64().unwrap_or_else(|| panic!("{answer}"))
}

#[tokio::test]
async fn of_400_reports_by_40_clients_at_once_exactly_the_limit_is_admitted() {
    for round in 0..rounds(2) {
        let meter = Meter::start(100, json!(150)).await;
        let report = meter.reporting(1, "refuse");
        let clients = (0..CLIENTS).map(async |_| {
            let mut admitted = 0;
            for _ in 0..10 {
                admitted += recorded(&meter.send(&report).await);
            }
            admitted
        });
        let admitted: i64 = join_all(clients).await.into_iter().sum();
        assert_eq!((admitted, meter.used().await), (250, 250), "round {round}");
    }
}

#[tokio::test]
async fn partial_reports_at_once_use_up_the_limit_to_the_last_unit() {
    for round in 0..rounds(2) {
        let meter = Meter::start(1_000, json!(3)).await;
        let clients = (0..CLIENTS).map(async |client| {
            let mut taken = 0;
            for report in 0..5 {
                let units = i64::try_from(7 + (client * 5 + report) % 11).unwrap();
                taken += recorded(&meter.send(&meter.reporting(units, "partial")).await);
            }
            taken
        });
        let taken: i64 = join_all(clients).await.into_iter().sum();
        assert_eq!((taken, meter.used().await), (1_003, 1_003), "round {round}");
    }
}

/// Each report is sent twice at once, as by a client that did not wait for the first answer.
#[tokio::test]
async fn reports_with_keys_that_are_sent_twice_at_once_are_admitted_once() {
    for round in 0..rounds(2) {
        let meter = Meter::start(60, json!(0)).await;
        let clients = (0..CLIENTS).map(async |client| {
            let report = meter.reporting(3, "refuse").header("idempotency-key", &format!("k{client}"));
            let [one, other] = [meter.send(&report), meter.send(&report)].map(Box::pin);
            let answers = join_all([one, other]).await;
            // There was room for both or for none, or one came before and one after the limit was used up.
            let both = [recorded(&answers[0]), recorded(&answers[1])];
            if both == [0, 3] || both == [3, 0] {
                assert_eq!(recorded(&meter.send(&report).await), 3, "client {client}");
            }
            both[0].max(both[1])
        });
        let admitted: i64 = join_all(clients).await.into_iter().sum();
        assert_eq!((admitted, meter.used().await), (60, 60), "round {round}");
    }
}

/// The limits of a race: all that were sent, and how many of them have been answered.
#[derive(Default)]
struct Limits {
    sent: Vec<Value>,
    answered: usize,
}

/// The limit that an answer was judged by.
fn limit(answer: &Answer) -> Option<u64> {
    let overages = answer.body["maxOverages"].as_u64()?;
    Some(overages + answer.body["includedUnits"].as_u64().expect("units"))
}

/// Sends the reports of one client, while the limit moves. Returns the sum of what they recorded.
async fn client(meter: &Meter, limits: &RefCell<Limits>, client: u64, random: &mut fastrand::Rng) -> i64 {
    let mut sum = 0;
    for number in 0..10 {
        let over_limit = if random.bool() { "refuse" } else { "partial" };
        let units = if random.u8(..4) == 0 { -random.i64(1..=20) } else { random.i64(1..=20) };
        let report = meter.reporting(units, over_limit);
        let has_key = random.u8(..4) == 0;
        let report = match has_key {
            true => report.header("idempotency-key", &format!("k{client}-{number}")),
            false => report,
        };
        let first = limits.borrow().answered.saturating_sub(1);
        let answer = meter.send(&report).await;
        let units = recorded(&answer);
        sum += units;
        if answer.status == 200 {
            let in_force = &limits.borrow().sent[first..];
            assert!(in_force.contains(&answer.body["maxOverages"]), "{in_force:?}: {answer}");
        }
        // Without a key, `used` is the total right after the report.
        if units > 0 && !has_key {
            let used = answer.body["used"].as_u64().expect("units");
            assert!(limit(&answer).is_none_or(|limit| used <= limit), "{answer}");
        }
        if has_key && random.bool() {
            let again = meter.send(&report).await;
            match answer.status {
                200 => assert_eq!(recorded(&again), units, "{again}"),
                // Its key was not used up, so it is a new report.
                _ => sum += recorded(&again),
            }
        }
    }
    sum
}

#[tokio::test]
async fn while_the_limit_moves_no_report_exceeds_it_and_the_total_is_the_sum_of_what_was_recorded() {
    for round in 0..rounds(2) {
        let seed = fastrand::u64(..);
        let mut random = fastrand::Rng::with_seed(seed);
        let meter = Meter::start(50, json!(100)).await;
        let limits = RefCell::new(Limits { sent: vec![json!(100)], answered: 1 });
        let mut randoms: Vec<_> = (0..CLIENTS).map(|_| random.fork()).collect();
        let clients =
            randoms.iter_mut().zip(0..).map(|(random, number)| client(&meter, &limits, number, random));
        let mover = async {
            for _ in 0..40 {
                let limit = match random.u8(..8) {
                    0 => json!(null),
                    _ => json!(random.u32(0..=400)),
                };
                limits.borrow_mut().sent.push(limit.clone());
                meter.send(&meter.allowing(&limit)).await.expect(200);
                let mut limits = limits.borrow_mut();
                limits.answered = limits.sent.len();
            }
        };
        let (sums, ()) = futures_util::join!(join_all(clients), mover);
        let (sum, used) = (sums.into_iter().sum::<i64>(), meter.used().await);
        assert_eq!(i64::try_from(used), Ok(sum), "round {round}, seed {seed}");
        stack::report(&format!(
            "400 reports while the limit moved 40 times, seed {seed}: {used} units, as recorded"
        ));
    }
}

/// Lets a report be overtaken by a change of the limit and then by another report, before its first read is answered.
/// Returns its answer.
async fn overtaken(units: i64, before: u64, after: u64, other: Option<i64>) -> (Meter, Answer) {
    let meter = Meter::start(0, json!(before)).await;
    let functions = meter.functions.clone();
    let change = meter.allowing(&json!(after));
    let other = other.map(|units| meter.reporting(units, "refuse"));
    let report = meter.reporting(units, "refuse");
    let answer = meter.functions.overtaken(&report, "BatchGetItem", async move {
        functions.send(&change).await.expect(200);
        if let Some(other) = other {
            functions.send(&other).await.expect(200);
        }
    });
    let answer = answer.await;
    (meter, answer)
}

/// The report and the change fit an order: first the report, then the change.
#[tokio::test]
async fn a_report_that_a_lower_limit_overtakes_may_still_be_judged_by_the_old_one() {
    let (meter, answer) = overtaken(7, 10, 5, None).await;
    assert_eq!((recorded(&answer), limit(&answer)), (7, Some(10)), "{answer}");
    let next = meter.functions.send(&meter.reporting(1, "refuse")).await;
    assert_eq!(next.expect_error(422, "overages_exhausted"), &json!({ "remaining": 0 }), "{next}");
}

#[tokio::test]
async fn once_a_report_is_admitted_under_a_lower_limit_none_lands_above_it() {
    for (units, outcome) in [(7, None), (3, None), (2, Some(5)), (1, Some(4))] {
        let (meter, answer) = overtaken(units, 10, 5, Some(3)).await;
        match outcome {
            Some(used) => assert_eq!((&answer.expect(200)["used"], limit(&answer)), (&json!(used), Some(5))),
            None => {
                let details = answer.expect_error(422, "overages_exhausted");
                assert_eq!(details, &json!({ "remaining": 2 }), "{answer}");
            }
        }
        let used = meter.used().await;
        assert_ne!(used.cmp(&5), Ordering::Greater, "{answer}");
    }
}

#[tokio::test]
async fn once_a_report_is_admitted_under_a_higher_limit_all_are_judged_by_it() {
    let (meter, answer) = overtaken(9, 5, 10, Some(1)).await;
    assert_eq!((recorded(&answer), limit(&answer)), (9, Some(10)), "{answer}");
    assert_eq!(meter.used().await, 10);
    let (_, refused) = overtaken(10, 5, 10, Some(1)).await;
    assert_eq!(refused.expect_error(422, "overages_exhausted"), &json!({ "remaining": 9 }), "{refused}");
}

/// A report with a key is judged by a total that was read, so only the fence tells that the same total stands under
/// another limit.
#[tokio::test]
async fn the_fence_holds_for_reports_with_keys() {
    let meter = Meter::start(0, json!(10)).await;
    meter.functions.send(&meter.reporting(3, "refuse")).await.expect(200);
    let functions = meter.functions.clone();
    let change = meter.allowing(&json!(5));
    let others = [meter.reporting(2, "refuse"), meter.reporting(-2, "refuse")];
    let report = meter.reporting(7, "refuse").header("idempotency-key", "k");
    let overtaken = meter.functions.overtaken(&report, "BatchGetItem", async move {
        functions.send(&change).await.expect(200);
        for other in &others {
            functions.send(other).await.expect(200);
        }
    });
    let answer = overtaken.await;
    assert_eq!(answer.expect_error(422, "overages_exhausted"), &json!({ "remaining": 2 }), "{answer}");
    assert_eq!(meter.used().await, 3);
}
