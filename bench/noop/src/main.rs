//! The baseline: lambda_http and nothing else, built like the functions, with the same features and profile,
//! and one thread.

use lambda_http::{Request, service_fn};
use std::convert::Infallible;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    lambda_http::run(service_fn(async |_: Request| Ok::<_, Infallible>("{}"))).await
}
