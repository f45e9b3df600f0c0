//! Wiring of the function behind `listOrganizations`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::edge::serve("listOrganizations", list_organizations::handle).await
}
