//! Wiring of the function behind `getOrganization`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::edge::serve("getOrganization", get_organization::handle).await
}
