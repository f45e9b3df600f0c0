//! The floor: a function that answers and does nothing else.

use lambda_http::{Request, service_fn};
use std::convert::Infallible;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    lambda_http::run(service_fn(async |_: Request| Ok::<_, Infallible>("{}"))).await
}
