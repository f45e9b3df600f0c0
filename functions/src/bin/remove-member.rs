//! The function behind `removeMember`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(functions::Operation::RemoveMember.endpoint(), functions::remove_member::handle).await
}
