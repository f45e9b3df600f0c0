//! Wiring of the function behind `removeMember`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve("removeMember", remove_member::handle).await
}
