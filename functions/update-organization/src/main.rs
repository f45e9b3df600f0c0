//! Wiring of the function behind `updateOrganization`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::edge::serve("updateOrganization", update_organization::handle).await
}
