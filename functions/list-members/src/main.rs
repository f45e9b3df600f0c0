//! Wiring of the function behind `listMembers`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve("listMembers", list_members::handle).await
}
