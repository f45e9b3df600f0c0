//! A function that does nothing, as `cargo lambda new --http` writes it: what one in Rust takes before it
//! does anything, where nobody has chosen features, profile or threads.

use lambda_http::{Body, Error, Request, Response, run, service_fn, tracing};

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    run(service_fn(answer)).await
}

async fn answer(_: Request) -> Result<Response<Body>, Error> {
    Ok(Response::builder().status(200).header("content-type", "application/json").body("{}".into())?)
}
