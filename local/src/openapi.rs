//! The operations, as openapi.yaml lists them. To use the list in `functions`, this crate would have to compile
//! it.

use crate::{Error, workspace_root};
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, fs};

/// An operation of the API.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Its operationId.
    pub id: String,
    /// Its HTTP method.
    pub method: String,
    /// Its path, with the names of parameters in braces.
    pub path: String,
}

/// Reads the operations.
///
/// # Errors
/// If openapi.yaml is missing or not an OpenAPI document.
pub fn operations() -> Result<Vec<Operation>, Error> {
    #[derive(Deserialize)]
    struct Document {
        paths: BTreeMap<String, BTreeMap<String, Value>>,
    }
    let path = workspace_root().join("openapi.yaml");
    let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
    let document: Document =
        serde_saphyr::from_str(&text).map_err(|error| Error::Template { path, reason: error.to_string() })?;
    let mut operations = Vec::new();
    for (path, methods) in document.paths {
        for (method, operation) in methods {
            if let Some(id) = operation.get("operationId").and_then(Value::as_str) {
                operations.push(Operation {
                    id: id.to_owned(),
                    method: method.to_uppercase(),
                    path: path.clone(),
                });
            }
        }
    }
    Ok(operations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operations_are_those_of_the_functions() {
        let mut expected: Vec<_> = functions::Operation::ALL
            .iter()
            .map(|operation| Operation {
                id: operation.id().to_owned(),
                method: operation.method().to_owned(),
                path: operation.path().to_owned(),
            })
            .collect();
        let mut found = operations().unwrap();
        expected.sort_by(|a, b| a.id.cmp(&b.id));
        found.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(found, expected);
    }
}
