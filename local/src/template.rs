//! Reads the table's definition from template.yaml.

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

impl Table {
    pub(crate) fn read() -> Result<Self, Error> {
        let path = workspace_root().join("template.yaml");
        let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
        Self::parse(&text).map_err(|reason| Error::Template { path, reason })
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

    /// Ignores CloudFormation's tags (`!Ref`, `!Sub`, …) and takes their operands literally. The
    /// properties that are read here have no tags.
    fn parse(template: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Template {
            resources: BTreeMap<String, Resource>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Resource {
            r#type: String,
            #[serde(default)]
            properties: Value,
        }
        // YAML 1.1 reads `N`, DynamoDB's type of numbers, as false.
        let options = serde_saphyr::options! { strict_booleans: true };
        let template: Template = serde_saphyr::from_str_with_options(template, options)
            .map_err(|error| one_line(&error.to_string()))?;
        let mut tables =
            template.resources.into_iter().filter(|(_, resource)| resource.r#type == "AWS::DynamoDB::Table");
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
    fn the_template_of_this_workspace_has_the_keys_and_ttl_that_the_store_uses() {
        let table = Table::read().unwrap();
        let keys: Vec<_> = table.key_schema.iter().map(|key| key.attribute_name.as_str()).collect();
        assert_eq!(keys, ["pk", "sk"]);
        assert!(
            table
                .time_to_live_specification
                .is_some_and(|ttl| ttl.enabled && ttl.attribute_name == "expiresAt")
        );
    }
}
