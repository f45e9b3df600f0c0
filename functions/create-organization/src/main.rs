//! Wiring of the function behind `createOrganization`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::edge::serve("createOrganization", create_organization::handle).await
}
