//! Wiring of the function behind `removeMember`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::edge::serve("removeMember", remove_member::handle).await
}
