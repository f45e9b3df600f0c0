//! The parameters in a query.

use super::Error;
use lambda_http::aws_lambda_events::query_map::QueryMap;

/// Refuses parameters that the operation does not have, so that a misspelled one, or one that another API
/// has, is not silently ignored. The error names the first in alphabetical order: the map has no order.
pub(super) fn refuse_unknown(query: &QueryMap, known: &[&str]) -> Result<(), Error> {
    let names = query.iter().map(|(name, _)| name);
    match names.filter(|name| !known.contains(name)).min() {
        None => Ok(()),
        Some(name) => {
            Err(Error::about(name, |quoted| format!("Unknown query parameter {quoted}. Remove it.")))
        }
    }
}

/// The value of a parameter that may be sent once.
pub(super) fn single<'a>(query: &'a QueryMap, name: &'static str) -> Result<Option<&'a str>, Error> {
    match query.all(name).as_deref() {
        None | Some([]) => Ok(None),
        Some([value]) => Ok(Some(value)),
        Some(_) => Err(Error::about(name, |_| format!("Duplicate parameter {name}. Send it once."))),
    }
}
