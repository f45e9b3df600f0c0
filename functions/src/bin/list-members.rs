//! The function behind `listMembers`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(functions::Operation::ListMembers.endpoint(), functions::list_members::handle).await
}
