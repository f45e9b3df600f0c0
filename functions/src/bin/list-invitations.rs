//! The function behind `listInvitations`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(functions::Operation::ListInvitations.endpoint(), functions::list_invitations::handle)
        .await
}
