//! The table, created from its definition in template.yaml.

use crate::{Error, template};
use aws_sdk_dynamodb::{
    Client,
    client::Waiters as _,
    error::BuildError,
    types::{
        AttributeDefinition, BillingMode, KeySchemaElement, StreamSpecification, TableDescription,
        TimeToLiveSpecification, TimeToLiveStatus,
    },
};
use std::{error::Error as StdError, iter::successors, time::Duration};

/// The table's name on a developer's machine.
pub const TABLE_NAME: &str = "organizations";

/// Creates the table of this workspace's template.yaml, including TTL and its stream, unless it exists. Enables them if it
/// exists without.
///
/// # Errors
/// If the template has no table, DynamoDB fails, or a table of that name has other keys.
pub async fn create(client: &Client, table_name: &str) -> Result<(), Error> {
    create_as(client, table_name, &template::Table::read()?).await
}

/// Disables the table's stream. [`create`] enables it again, empty.
///
/// # Errors
/// If DynamoDB fails.
pub async fn disable_stream(client: &Client, table_name: &str) -> Result<(), Error> {
    let disabled = StreamSpecification::builder().stream_enabled(false).build();
    let disabled = disabled.map_err(|error| failed("disable the table's stream", error))?;
    let update = client.update_table().table_name(table_name).stream_specification(disabled);
    update.send().await.map(drop).map_err(|error| failed("disable the table's stream", error))
}

async fn create_as(client: &Client, name: &str, wanted: &template::Table) -> Result<(), Error> {
    let existing = match describe(client, name).await? {
        Some(table) => table,
        None => {
            create_new(client, name, wanted).await?;
            describe(client, name).await?.unwrap_or_else(|| TableDescription::builder().build())
        }
    };
    if let Some(difference) = wanted.difference(&definition(&existing)) {
        return Err(Error::OtherTable { table: name.to_owned(), difference });
    }
    enable_stream(client, name, &existing, wanted).await?;
    enable_ttl(client, name, wanted).await
}

async fn describe(client: &Client, name: &str) -> Result<Option<TableDescription>, Error> {
    match client.describe_table().table_name(name).send().await {
        Ok(answer) => Ok(answer.table),
        Err(error)
            if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) =>
        {
            Ok(None)
        }
        Err(error) => Err(failed("describe the table", error)),
    }
}

async fn create_new(client: &Client, name: &str, wanted: &template::Table) -> Result<(), Error> {
    let action = "create the table";
    let attributes = wanted.attribute_definitions.iter().map(attribute).collect::<Result<_, _>>();
    let created = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes.map_err(|error| failed(action, error))?))
        .set_key_schema(Some(keys(&wanted.key_schema).map_err(|error| failed(action, error))?))
        .send()
        .await;
    match created {
        Ok(_) => {}
        // Another process was faster. Its table is compared like any existing one.
        Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_in_use_exception()) => {}
        Err(error) => return Err(failed(action, error)),
    }
    let active = client.wait_until_table_exists().table_name(name).wait(Duration::from_secs(60)).await;
    active.map(|_| ()).map_err(|error| failed("wait for the new table", error))
}

fn attribute(attribute: &template::Attribute) -> Result<AttributeDefinition, BuildError> {
    AttributeDefinition::builder()
        .attribute_name(&attribute.attribute_name)
        .attribute_type(attribute.attribute_type.as_str().into())
        .build()
}

fn keys(keys: &[template::Key]) -> Result<Vec<KeySchemaElement>, BuildError> {
    let element = |key: &template::Key| {
        KeySchemaElement::builder()
            .attribute_name(&key.attribute_name)
            .key_type(key.key_type.as_str().into())
            .build()
    };
    keys.iter().map(element).collect()
}

async fn enable_stream(
    client: &Client,
    name: &str,
    existing: &TableDescription,
    wanted: &template::Table,
) -> Result<(), Error> {
    let Some(stream) = &wanted.stream_specification else { return Ok(()) };
    let action = "enable the table's stream";
    // DynamoDB refuses to enable a stream that is enabled.
    match existing.stream_specification() {
        Some(existing) if existing.stream_enabled() => {
            let view = existing.stream_view_type().map(|view| view.as_str()).unwrap_or_default();
            return if view == stream.stream_view_type {
                Ok(())
            } else {
                let wanted = &stream.stream_view_type;
                let reason =
                    format!("it is enabled with the view type {view} instead of {wanted}; disable it");
                Err(Error::Dynamodb { action, reason })
            };
        }
        _ => {}
    }
    let wanted = StreamSpecification::builder()
        .stream_enabled(true)
        .stream_view_type(stream.stream_view_type.as_str().into())
        .build()
        .map_err(|error| failed(action, error))?;
    let enabled = client.update_table().table_name(name).stream_specification(wanted).send().await;
    enabled.map(|_| ()).map_err(|error| failed(action, error))
}

async fn enable_ttl(client: &Client, name: &str, table: &template::Table) -> Result<(), Error> {
    let Some(ttl) = table.time_to_live_specification.as_ref().filter(|ttl| ttl.enabled) else {
        return Ok(());
    };
    let action = "enable TTL";
    let answer = client.describe_time_to_live().table_name(name).send().await;
    let current = answer.map_err(|error| failed(action, error))?.time_to_live_description;
    let status = current.as_ref().and_then(|current| current.time_to_live_status());
    if matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
        return Ok(());
    }
    let wanted = TimeToLiveSpecification::builder().attribute_name(&ttl.attribute_name).enabled(true).build();
    let wanted = wanted.map_err(|error| failed(action, error))?;
    let enabled =
        client.update_time_to_live().table_name(name).time_to_live_specification(wanted).send().await;
    enabled.map(|_| ()).map_err(|error| failed(action, error))
}

fn failed(action: &'static str, error: impl StdError) -> Error {
    let causes = successors(error.source(), |&cause| cause.source());
    let reason = causes.fold(error.to_string(), |reason, cause| format!("{reason}: {cause}"));
    Error::Dynamodb { action, reason }
}

/// The existing table, as a template would define it.
fn definition(table: &TableDescription) -> template::Table {
    let keys = |keys: &[KeySchemaElement]| {
        let key = |key: &KeySchemaElement| template::Key {
            attribute_name: key.attribute_name().to_owned(),
            key_type: key.key_type().to_string(),
        };
        keys.iter().map(key).collect()
    };
    let attribute = |attribute: &AttributeDefinition| template::Attribute {
        attribute_name: attribute.attribute_name().to_owned(),
        attribute_type: attribute.attribute_type().to_string(),
    };
    template::Table {
        attribute_definitions: table.attribute_definitions().iter().map(attribute).collect(),
        key_schema: keys(table.key_schema()),
        time_to_live_specification: None,
        stream_specification: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::start_in_memory;
    use aws_sdk_dynamodb::types::StreamViewType;

    #[tokio::test]
    async fn the_table_has_the_shape_and_ttl_of_the_template() {
        let dynamodb = start_in_memory().await.unwrap();
        let client = dynamodb.client();
        create(&client, "table").await.unwrap();
        let table = describe(&client, "table").await.unwrap().unwrap();
        assert_eq!(definition(&table).difference(&template::Table::read().unwrap()), None);
        let ttl = client
            .describe_time_to_live()
            .table_name("table")
            .send()
            .await
            .unwrap()
            .time_to_live_description
            .unwrap();
        assert_eq!(ttl.time_to_live_status(), Some(&TimeToLiveStatus::Enabled));
        assert_eq!(ttl.attribute_name(), Some("expiresAt"));
    }

    #[tokio::test]
    async fn an_existing_table_is_left_alone() {
        let dynamodb = start_in_memory().await.unwrap();
        let client = dynamodb.client();
        create(&client, "table").await.unwrap();
        let first = describe(&client, "table").await.unwrap();
        create(&client, "table").await.unwrap();
        // In particular its stream is not started anew.
        assert_eq!(describe(&client, "table").await.unwrap(), first);
    }

    #[tokio::test]
    async fn an_existing_table_without_a_stream_gets_that_of_the_template() {
        let dynamodb = start_in_memory().await.unwrap();
        let client = dynamodb.client();
        let mut without = template::Table::read().unwrap();
        without.stream_specification = None;
        create_as(&client, "table", &without).await.unwrap();
        let stream = async || describe(&client, "table").await.unwrap().unwrap().stream_specification;
        assert_eq!(stream().await, None);
        create(&client, "table").await.unwrap();
        let enabled = StreamSpecification::builder()
            .stream_enabled(true)
            .stream_view_type(StreamViewType::NewAndOldImages)
            .build()
            .unwrap();
        assert_eq!(stream().await, Some(enabled));
    }

    #[tokio::test]
    async fn a_stream_with_other_images_is_refused() {
        let dynamodb = start_in_memory().await.unwrap();
        let client = dynamodb.client();
        let mut other = template::Table::read().unwrap();
        let keys_only = template::Stream { stream_view_type: "KEYS_ONLY".to_owned() };
        other.stream_specification = Some(keys_only);
        create_as(&client, "table", &other).await.unwrap();
        let error = create(&client, "table").await.unwrap_err().to_string();
        assert!(error.contains("KEYS_ONLY instead of NEW_AND_OLD_IMAGES"), "{error}");
    }

    #[tokio::test]
    async fn a_table_with_other_keys_is_refused() {
        let dynamodb = start_in_memory().await.unwrap();
        let client = dynamodb.client();
        let mut other = template::Table::read().unwrap();
        // Such as a table of another version of this repository.
        other.key_schema.pop();
        other.attribute_definitions.pop();
        create_as(&client, "table", &other).await.unwrap();
        assert!(
            matches!(create(&client, "table").await, Err(Error::OtherTable { table, .. }) if table == "table")
        );
    }

    #[tokio::test]
    async fn an_unreachable_dynamodb_is_reported_in_one_line() {
        let client = crate::dynamodb::client("http://127.0.0.1:1");
        let error = create(&client, "table").await.unwrap_err().to_string();
        assert!(error.starts_with("cannot describe the table in DynamoDB: "), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
}
