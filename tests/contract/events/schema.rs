//! docs/events.schema.json.

use crate::places::read;
use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The schema, compiled.
pub(super) struct Schema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    /// The schema as it is published. It allows fields of later releases.
    pub(super) fn published() -> Self {
        Self::compile(document())
    }

    /// The schema without fields that it does not describe.
    pub(super) fn strict() -> Self {
        let mut document = document();
        for (name, definition) in document["$defs"].as_object_mut().unwrap() {
            // It is a part of other definitions, which have more fields.
            if name != "change" {
                close(definition);
            }
        }
        Self::compile(document)
    }

    /// The types that it describes.
    pub(super) fn types() -> BTreeSet<String> {
        let document = document();
        let types: BTreeSet<_> = document["$defs"]
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| name.contains('.'))
            .cloned()
            .collect();
        let listed = document["properties"]["detail-type"]["enum"].as_array().unwrap();
        assert_eq!(
            listed.iter().map(|kind| kind.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>(),
            types
        );
        types
    }

    /// # Errors
    /// What is wrong with an event.
    pub(super) fn check(&self, event: &Value) -> Result<(), String> {
        self.schemas.validate(event, self.index).map_err(|error| error.to_string())
    }

    fn compile(document: Value) -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        let location = "urn:events";
        compiler.add_resource(location, document).unwrap();
        let index = compiler.compile(location, &mut schemas).unwrap();
        Self { schemas, index }
    }
}

/// Lets a definition, and those in it, describe all fields of an object.
fn close(definition: &mut Value) {
    let Some(keywords) = definition.as_object_mut() else { return };
    if keywords.contains_key("allOf") {
        // It has the fields of another definition, too. Only some types have a target.
        keywords.insert("unevaluatedProperties".to_owned(), json!(false));
        keywords["properties"].as_object_mut().unwrap().entry("target").or_insert(json!(false));
    } else if keywords.contains_key("properties") {
        keywords.insert("additionalProperties".to_owned(), json!(false));
    }
    if let Some(Value::Object(fields)) = keywords.get_mut("properties") {
        fields.values_mut().for_each(close);
    }
}

fn document() -> Value {
    serde_json::from_str(&read("docs/events.schema.json")).unwrap()
}
