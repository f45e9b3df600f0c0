//! Wiring of the function behind `updateMember`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve("updateMember", update_member::handle).await
}
