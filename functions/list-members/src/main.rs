//! Wiring of the function behind `listMembers`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::edge::serve("listMembers", list_members::handle).await
}
