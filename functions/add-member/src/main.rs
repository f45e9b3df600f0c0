//! Wiring of the function behind `addMember`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::edge::serve("addMember", add_member::handle).await
}
