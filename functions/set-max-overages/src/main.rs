//! Wiring of the function behind `setMaxOverages`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::edge::serve("setMaxOverages", set_max_overages::handle).await
}
