//! What record-events passes on: ids, and of what clients chose, the name, domain and metadata. Its log has none of it.

use crate::world::{RELEASE, World};
use crate::{LEVELS, lines};
use aws_sdk_dynamodb::types::AttributeValue;
use local::{EventSourceMapping, MappingOptions, TABLE_NAME};
use serde_json::Value;
use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::time::Duration;
use support::bus::{self, Bus};
use support::database::items;
use support::instance::Instance;

/// The fields whose values clients choose.
const CHOSEN: [&str; 3] = ["name", "domain", "metadata"];

#[tokio::test]
async fn events_contain_no_address_and_no_token_and_the_log_of_record_events_no_client_data() {
    for level in LEVELS {
        let world = World::new().await;
        let place = world.place().await;
        let bus = Bus::start().await;
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("leaks-record-events-{level}.log"));
        let mut instance = record_events(&world, &bus, level, &file).await;
        // The bus refuses, and then fails: both are logged.
        bus.refuse_next(40);
        let handled = handle(&world, &mut instance).await;
        assert!(handled.is_empty(), "{handled:?}");
        bus.fail_next(20);
        poison(&world, &place.organization).await;
        let discarded = handle(&world, &mut instance).await;
        assert!(!discarded.is_empty(), "the unreadable image was handled");
        instance.kill().await;

        let secrets = [place.token.as_str(), "canary.guest", "@"];
        let sent = bus.taken();
        assert!(sent.len() >= 5, "{sent:?}");
        for mut entry in sent {
            let changes = entry.detail["changes"].as_object_mut().unwrap();
            changes.retain(|field, _| !CHOSEN.contains(&field.as_str()));
            let text = format!("{entry:?}");
            assert!(!secrets.iter().any(|secret| text.contains(secret)), "{text}");
            assert!(!text.contains("Canary"), "{text}");
        }
        for item in items(&world.database.client).await {
            if item["sk"].as_s().unwrap().starts_with("EVENT#") {
                let text = format!("{item:?}");
                assert!(!secrets.iter().any(|secret| text.contains(secret)), "{text}");
            }
        }
        let log = fs::read_to_string(&file).unwrap();
        let logged = lines(&log);
        for message in ["records handled", "records failed", "did not take an event", "cannot read an image"]
        {
            assert!(logged.iter().any(|(line, _)| line.contains(message)), "{message}: {log}");
        }
        let leak = logged.iter().find(|(line, level)| level != "TRACE" && line.contains("canary"));
        assert!(leak.is_none(), "at {level}: {leak:?}");
    }
}

async fn record_events(world: &World, bus: &Bus, level: &str, log: &Path) -> Instance {
    let variables = [
        ("AWS_ENDPOINT_URL_DYNAMODB", world.database.url()),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", bus.url()),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON".to_owned()),
        ("AWS_LAMBDA_LOG_LEVEL", level.to_owned()),
        ("AWS_SESSION_TOKEN", "canary".to_owned()),
        ("EVENT_BUS_NAME", bus::NAME.to_owned()),
        ("EVENT_SOURCE", bus::SOURCE.to_owned()),
        ("RELEASE", RELEASE.to_owned()),
    ];
    let mut instance = Instance::logging_function("record-events", variables, log).await;
    instance.ready().await;
    instance
}

/// Handles the records of the stream from its beginning, and returns the messages to the failure queue.
async fn handle(world: &World, instance: &mut Instance) -> Vec<Value> {
    let options = MappingOptions {
        max_retries: Some(20),
        retry_delay: Duration::from_millis(1),
        max_retry_delay: Duration::from_millis(1),
        ..MappingOptions::default()
    };
    let invoke = async |batch: Value| Ok::<_, Infallible>(instance.invoke(&batch).await);
    let mapping = EventSourceMapping::new(&world.database.url(), TABLE_NAME, options, invoke);
    mapping.unwrap().run_until_idle().await.unwrap()
}

/// Makes the organization's item unreadable.
async fn poison(world: &World, organization: &str) {
    let key = AttributeValue::S(format!("ORG#{organization}"));
    let update = world.database.client.update_item().table_name(TABLE_NAME);
    let update = update.key("pk", key.clone()).key("sk", key);
    let update = update.update_expression("SET version = :canary");
    let canary = AttributeValue::S("canary".to_owned());
    update.expression_attribute_values(":canary", canary).send().await.unwrap();
}
