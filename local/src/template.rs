//! Reads the definitions of the table and of its stream's consumer from template.yaml.

use crate::{Error, workspace_root};
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, fs};

/// The table as template.yaml defines it, which is the only definition in the repository. Omits
/// properties that only a deployed table has.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Table {
    pub(crate) attribute_definitions: Vec<Attribute>,
    pub(crate) key_schema: Vec<Key>,
    pub(crate) time_to_live_specification: Option<TimeToLive>,
    pub(crate) stream_specification: Option<Stream>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Attribute {
    pub(crate) attribute_name: String,
    pub(crate) attribute_type: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Key {
    pub(crate) attribute_name: String,
    pub(crate) key_type: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TimeToLive {
    pub(crate) attribute_name: String,
    pub(crate) enabled: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Stream {
    pub(crate) stream_view_type: String,
}

/// The event source mapping that invokes `record-events`, with Lambda's defaults.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html>
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Consumer {
    #[serde(default = "default_batch_size")]
    pub(crate) batch_size: usize,
    #[serde(default)]
    pub(crate) bisect_batch_on_function_error: bool,
    #[serde(default)]
    pub(crate) function_response_types: Vec<String>,
    /// -1 for no limit.
    #[serde(default = "unlimited")]
    pub(crate) maximum_retry_attempts: i64,
    /// -1 for no limit.
    #[serde(default = "unlimited")]
    pub(crate) maximum_record_age_in_seconds: i64,
    #[serde(default)]
    pub(crate) filter_criteria: FilterCriteria,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FilterCriteria {
    pub(crate) filters: Vec<Filter>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Filter {
    pub(crate) pattern: String,
}

fn default_batch_size() -> usize {
    100
}

fn unlimited() -> i64 {
    -1
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    r#type: String,
    #[serde(default)]
    properties: Value,
}

impl Consumer {
    /// The mapping of the function `RecordEventsFunction`, if the template has it.
    pub(crate) fn read() -> Result<Option<Self>, Error> {
        read(Self::parse)
    }

    /// Finds it where SAM accepts it: among the function's events, or as a resource of its own.
    fn parse(template: &str) -> Result<Option<Self>, String> {
        let mut resources = resources(template)?;
        let function = resources.remove("RecordEventsFunction");
        let events = function.as_ref().and_then(|function| function.properties["Events"].as_object());
        let mut mappings: Vec<_> = events
            .into_iter()
            .flat_map(|events| events.values())
            .filter(|event| event["Type"] == "DynamoDB")
            .map(|event| event["Properties"].clone())
            .collect();
        let is_mapping = |resource: &Resource| resource.r#type == "AWS::Lambda::EventSourceMapping";
        mappings.extend(resources.into_values().filter(is_mapping).map(|resource| resource.properties));
        match mappings.len() {
            0 => Ok(None),
            1 => serde_json::from_value(mappings.remove(0))
                .map(Some)
                .map_err(|error| format!("the event source mapping: {error}")),
            more => Err(format!("{more} event source mappings: one is expected")),
        }
    }
}

fn read<T>(parse: impl FnOnce(&str) -> Result<T, String>) -> Result<T, Error> {
    let path = workspace_root().join("template.yaml");
    let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
    parse(&text).map_err(|reason| Error::Template { path, reason })
}

/// Ignores CloudFormation's tags (`!Ref`, `!Sub`, …) and takes their operands literally. The properties that
/// are read here have no tags.
fn resources(template: &str) -> Result<BTreeMap<String, Resource>, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Template {
        resources: BTreeMap<String, Resource>,
    }
    // YAML 1.1 reads `N`, DynamoDB's type of numbers, as false.
    let options = serde_saphyr::options! { strict_booleans: true };
    let template: Template = serde_saphyr::from_str_with_options(template, options)
        .map_err(|error| one_line(&error.to_string()))?;
    Ok(template.resources)
}

impl Table {
    pub(crate) fn read() -> Result<Self, Error> {
        read(Self::parse)
    }

    /// The first difference in the properties that are fixed once a table exists. Ignores order, which
    /// DynamoDB keeps only for keys.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        let [one, other] = [self, other].map(|table| {
            let mut table = table.clone();
            table.attribute_definitions.sort_by(|a, b| a.attribute_name.cmp(&b.attribute_name));
            table
        });
        if one.key_schema != other.key_schema {
            Some("the keys differ".to_owned())
        } else if one.attribute_definitions != other.attribute_definitions {
            Some("the types of key attributes differ".to_owned())
        } else {
            None
        }
    }

    fn parse(template: &str) -> Result<Self, String> {
        let mut tables = resources(template)?
            .into_iter()
            .filter(|(_, resource)| resource.r#type == "AWS::DynamoDB::Table");
        match (tables.next(), tables.next()) {
            (Some((id, table)), None) => {
                serde_json::from_value(table.properties).map_err(|error| format!("resource {id}: {error}"))
            }
            (None, _) => Err("no resource of type AWS::DynamoDB::Table".to_owned()),
            (Some((one, _)), Some((two, _))) => Err(format!("two tables, {one} and {two}: one is expected")),
        }
    }
}

fn one_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = r#"
AWSTemplateFormatVersion: "2010-09-09"
Conditions:
  Production: !Equals [!Ref Stage, production]
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Policies: [{ Resource: [!GetAtt Table.Arn, !Sub "${Table.Arn}/stream/*"] }]
      Environment: { Variables: { TABLE_NAME: !Ref Table } }
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      DeletionProtectionEnabled: !If [Production, true, false]
      AttributeDefinitions:
        - { AttributeName: pk, AttributeType: S }
        - AttributeName: number
          AttributeType: N
      KeySchema:
        - { AttributeName: pk, KeyType: HASH }
      TimeToLiveSpecification: { AttributeName: expiresAt, Enabled: true }
Outputs:
  Url: { Value: !Sub "https://${Api}" }
"#;

    #[test]
    fn the_table_is_found_among_cloudformation_tags() {
        let table = Table::parse(TEMPLATE).unwrap();
        let types: Vec<_> = table
            .attribute_definitions
            .iter()
            .map(|a| (a.attribute_name.as_str(), a.attribute_type.as_str()))
            .collect();
        assert_eq!(types, [("pk", "S"), ("number", "N")]);
        assert_eq!(table.key_schema, [Key { attribute_name: "pk".into(), key_type: "HASH".into() }]);
        let ttl = TimeToLive { attribute_name: "expiresAt".into(), enabled: true };
        assert_eq!(table.time_to_live_specification, Some(ttl));
    }

    #[test]
    fn every_difference_counts_and_order_does_not() {
        let table = Table::parse(TEMPLATE).unwrap();
        let mut reordered = table.clone();
        reordered.attribute_definitions.reverse();
        assert_eq!(table.difference(&reordered), None);

        let changes: [fn(&mut Table); 2] = [
            |table| table.key_schema[0].attribute_name = "other".into(),
            |table| table.attribute_definitions[1].attribute_type = "S".into(),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut changed = table.clone();
            change(&mut changed);
            assert!(table.difference(&changed).is_some(), "change {number}");
        }
    }

    #[test]
    fn the_error_names_what_is_missing() {
        assert_eq!(Table::parse("Resources: {}").unwrap_err(), "no resource of type AWS::DynamoDB::Table");
        let without_keys = TEMPLATE.replace("KeySchema:\n        - ", "Other:\n        - ");
        assert_eq!(Table::parse(&without_keys).unwrap_err(), "resource Table: missing field `KeySchema`");
        assert!(!Table::parse("Resources: [").unwrap_err().contains('\n'));
    }

    #[test]
    fn the_consumer_of_the_stream_is_an_event_of_the_function_or_a_resource() {
        assert_eq!(Consumer::parse(TEMPLATE).unwrap(), None);
        let settings = "{ Stream: !GetAtt Table.StreamArn, BatchSize: 7, MaximumRecordAgeInSeconds: 60,
          FunctionResponseTypes: [ReportBatchItemFailures], BisectBatchOnFunctionError: true,
          FilterCriteria: { Filters: [{ Pattern: '{\"a\": [\"b\"]}' }] } }";
        let function = format!(
            "Resources:\n  RecordEventsFunction:\n    Type: AWS::Serverless::Function\n    Properties:
      Events: {{ Api: {{ Type: HttpApi }}, Stream: {{ Type: DynamoDB, Properties: {settings} }} }}\n"
        );
        let resource = format!(
            "Resources:\n  Mapping:\n    Type: AWS::Lambda::EventSourceMapping\n    Properties: {settings}\n"
        );
        let expected = Consumer {
            batch_size: 7,
            bisect_batch_on_function_error: true,
            function_response_types: vec!["ReportBatchItemFailures".to_owned()],
            maximum_retry_attempts: -1,
            maximum_record_age_in_seconds: 60,
            filter_criteria: FilterCriteria {
                filters: vec![Filter { pattern: r#"{"a": ["b"]}"#.to_owned() }],
            },
        };
        for template in [&function, &resource] {
            assert_eq!(Consumer::parse(template).unwrap().as_ref(), Some(&expected), "{template}");
        }
        let both = function + &resource.replace("Resources:\n", "");
        assert_eq!(Consumer::parse(&both).unwrap_err(), "2 event source mappings: one is expected");
    }

    #[test]
    fn the_template_of_this_workspace_has_the_keys_ttl_and_stream_that_the_code_uses() {
        let table = Table::read().unwrap();
        let keys: Vec<_> = table.key_schema.iter().map(|key| key.attribute_name.as_str()).collect();
        assert_eq!(keys, ["pk", "sk"]);
        assert!(
            table
                .time_to_live_specification
                .is_some_and(|ttl| ttl.enabled && ttl.attribute_name == "expiresAt")
        );
        let stream = Stream { stream_view_type: "NEW_AND_OLD_IMAGES".to_owned() };
        assert_eq!(table.stream_specification, Some(stream));
        Consumer::read().unwrap();
    }
}
