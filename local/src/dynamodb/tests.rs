use super::*;
use crate::process::test_dir;
use aws_sdk_dynamodb::types::{
    AttributeDefinition,
    AttributeValue::{N, S},
    BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

async fn create_table(client: &Client) {
    let attribute =
        AttributeDefinition::builder().attribute_name("pk").attribute_type(ScalarAttributeType::S);
    let key = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash);
    let table = client.create_table().table_name("table").billing_mode(BillingMode::PayPerRequest);
    let table = table.attribute_definitions(attribute.build().unwrap()).key_schema(key.build().unwrap());
    table.send().await.unwrap();
}

#[tokio::test]
async fn data_in_a_file_survives_a_restart_and_data_in_memory_does_not() {
    let file = test_dir("file").join("dynamodb.sqlite3");
    let first = Dynamodb::serve(listen(0, "").unwrap(), Some(&file), None).unwrap();
    create_table(&first.client()).await;
    first.client().put_item().table_name("table").item("pk", S("x".to_owned())).send().await.unwrap();
    drop(first);

    let second = Dynamodb::serve(listen(0, "").unwrap(), Some(&file), None).unwrap();
    assert_eq!(second.client().scan().table_name("table").send().await.unwrap().count(), 1);

    let memory = start_in_memory().await.unwrap();
    assert!(memory.client().list_tables().send().await.unwrap().table_names().is_empty());
}

#[tokio::test]
async fn expired_items_are_deleted_at_the_interval_and_on_request() {
    let interval = Duration::from_millis(10);
    let regular = Dynamodb::serve(listen(0, "").unwrap(), None, Some(interval)).unwrap();
    let manual = start_in_memory().await.unwrap();
    let count = async |client: &Client| client.scan().table_name("table").send().await.unwrap().count();
    for dynamodb in [&regular, &manual] {
        let client = dynamodb.client();
        crate::table::create(&client, "table").await.unwrap();
        let put = client.put_item().table_name("table").item("pk", S("x".into())).item("sk", S("x".into()));
        let past = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() - 1;
        put.item("expiresAt", N(past.to_string())).send().await.unwrap();
    }
    while count(&regular.client()).await > 0 {
        tokio::time::sleep(interval).await;
    }
    assert_eq!(count(&manual.client()).await, 1);
    assert_eq!(manual.sweep_ttl().unwrap(), 1);
    assert_eq!(count(&manual.client()).await, 0);
}

#[tokio::test]
async fn each_database_in_memory_is_its_own() {
    let databases = [start_in_memory().await.unwrap(), start_in_memory().await.unwrap()];
    create_table(&databases[0].client()).await;
    assert!(databases[1].client().list_tables().send().await.unwrap().table_names().is_empty());
}

#[tokio::test]
async fn stopping_frees_the_port_even_if_a_client_stays_connected() {
    let dynamodb = start_in_memory().await.unwrap();
    let client = dynamodb.client();
    client.list_tables().send().await.unwrap();
    let address = dynamodb.address;
    let started = Instant::now();
    drop(dynamodb);
    assert!(started.elapsed() < SHUTDOWN_TIMEOUT * 2, "{:?}", started.elapsed());
    listen(address.port(), "").unwrap();
}

#[tokio::test]
async fn a_file_that_is_not_a_database_is_an_error() {
    let file = test_dir("no-database").join("dynamodb.sqlite3");
    std::fs::write(&file, "not a database, and long enough to be taken for one".repeat(20)).unwrap();
    let error = Dynamodb::serve(listen(0, "").unwrap(), Some(&file), None).unwrap_err();
    assert!(matches!(error, Error::EmbeddedDynamodb { .. }));
}

#[tokio::test]
async fn only_the_owner_can_read_the_database_and_no_link_is_followed() {
    let dir = test_dir("private");
    let file = dir.join("dynamodb.sqlite3");
    let dynamodb = Dynamodb::serve(listen(0, "").unwrap(), Some(&file), None).unwrap();
    create_table(&dynamodb.client()).await;
    for entry in fs::read_dir(&dir).unwrap().map(Result::unwrap) {
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
    drop(dynamodb);

    for name in ["link.sqlite3", "new.sqlite3-wal"] {
        symlink(&file, dir.join(name)).unwrap();
        let file = dir.join(name.trim_end_matches("-wal"));
        let refused = Dynamodb::serve(listen(0, "").unwrap(), Some(&file), None);
        assert!(matches!(refused, Err(Error::SymbolicLink(_))), "{name}");
    }
}
