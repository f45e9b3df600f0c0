use functions::Operation;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use support::event::Request;

/// An HTTP request.
#[derive(Debug, Default)]
pub struct Asked<'a> {
    /// The subject of the token, if the gateway has verified one.
    pub caller: Option<&'a str>,
    /// As written by the client.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// Names and values.
    pub headers: Vec<(&'a str, &'a str)>,
    /// The body, if any.
    pub body: Option<&'a str>,
}

impl Asked<'_> {
    /// The operation with this method and path, and the path's parameters, decoded as the gateway decodes
    /// them.
    pub fn operation(&self) -> Option<(Operation, Map<String, Value>)> {
        let operations = Operation::ALL.iter().filter(|operation| operation.method() == self.method);
        let matches =
            operations.filter_map(|operation| Some((*operation, parameters(operation.path(), self.path())?)));
        // If two paths match, the gateway prefers a literal to a parameter.
        matches.min_by_key(|(_, parameters)| parameters.len())
    }

    fn path(&self) -> &str {
        self.target.split_once('?').map_or(self.target, |(path, _)| path)
    }
}

/// The values of a route's parameters, if a path matches it.
fn parameters(route: &str, path: &str) -> Option<Map<String, Value>> {
    let (route, path): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    let mut parameters = Map::new();
    for (pattern, segment) in route.iter().zip(&path) {
        match pattern.strip_prefix('{').and_then(|pattern| pattern.strip_suffix('}')) {
            Some(name) => {
                let value = percent_decode_str(segment).decode_utf8_lossy();
                parameters.insert(name.to_owned(), value.into());
            }
            None if pattern == segment => {}
            None => return None,
        }
    }
    (route.len() == path.len()).then_some(parameters)
}

/// The event of API Gateway's payload version 2.0.
pub fn event(asked: &Asked<'_>) -> Value {
    let (operation, parameters) = asked.operation().unwrap_or((Operation::ListOrganizations, Map::new()));
    let mut request = Request::new(operation, asked.caller.unwrap_or_default());
    request.query = asked.target.split_once('?').map_or("", |(_, query)| query).to_owned();
    request.parameters = parameters;
    let mut event = request.event();
    event["rawPath"] = percent_decode_str(asked.path()).decode_utf8_lossy().into();
    event["body"] = asked.body.into();
    if asked.caller.is_none() {
        event["requestContext"]["authorizer"] = Value::Null;
    }
    let mut headers = Map::new();
    for (name, value) in &asked.headers {
        // API Gateway joins the values of a repeated name.
        let joined = match headers.get(*name).and_then(Value::as_str) {
            Some(first) => format!("{first},{value}"),
            None => (*value).to_owned(),
        };
        headers.insert((*name).to_owned(), joined.into());
    }
    event["headers"] = headers.into();
    event
}
