//! Events as API Gateway sends them: payload format 2.0, including the authorizer's claims.

use functions::Operation;
use serde_json::{Map, Value, json};
use shared::edge::percent_encoded;

/// A request for one operation.
#[derive(Debug, Clone)]
pub struct Request {
    /// The operation.
    pub operation: Operation,
    /// The token's `sub`. For a service, `service:` and its `sub`.
    pub caller: String,
    /// The path's parameters.
    pub parameters: Map<String, Value>,
    /// The query.
    pub query: String,
    /// The headers, without the content type.
    pub headers: Map<String, Value>,
    /// The body.
    pub body: Option<Value>,
}

impl Request {
    /// A request without any optional part.
    pub fn new(operation: Operation, caller: &str) -> Self {
        Self {
            operation,
            caller: caller.to_owned(),
            parameters: Map::new(),
            query: String::new(),
            headers: Map::new(),
            body: None,
        }
    }

    /// The same request with a path parameter.
    pub fn of(mut self, name: &str, value: &str) -> Self {
        self.parameters.insert(name.to_owned(), value.into());
        self
    }

    /// The same request with a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }

    /// The same request with a query.
    pub fn query(mut self, query: &str) -> Self {
        query.clone_into(&mut self.query);
        self
    }

    /// The same request with a body.
    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    fn claims(&self) -> Value {
        match self.caller.strip_prefix("service:") {
            Some(service) => json!({ "sub": service, "scope": local::SERVICE_SCOPE }),
            None => {
                json!({ "sub": self.caller, "scope": format!("{} {}", local::READ_SCOPE, local::WRITE_SCOPE) })
            }
        }
    }

    /// The event.
    pub fn event(&self) -> Value {
        let (method, template) = (self.operation.method(), self.operation.path());
        let route = format!("{method} {}", template.replace("{user_id}", "{user_id+}"));
        let path = self.parameters.iter().fold(template.to_owned(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), &percent_encoded(value.as_str().unwrap()))
        });
        let mut headers = self.headers.clone();
        headers.insert("content-type".to_owned(), json!("application/json"));
        json!({
            "version": "2.0",
            "routeKey": route,
            "rawPath": path,
            "rawQueryString": self.query,
            "headers": headers,
            "pathParameters": self.parameters,
            "requestContext": {
                "authorizer": { "jwt": { "claims": self.claims(), "scopes": null } },
                "domainName": "api.example.com",
                "http": {
                    "method": method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1",
                    "userAgent": "tests",
                },
                "requestId": "a request",
                "routeKey": route,
                "stage": "$default",
                "timeEpoch": 0,
            },
            "body": self.body.as_ref().map(Value::to_string),
            "isBase64Encoded": false,
        })
    }
}
