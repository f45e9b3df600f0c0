//! Wiring of the function behind `updateMember`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::edge::serve("updateMember", update_member::handle).await
}
