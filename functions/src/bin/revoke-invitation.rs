//! The function behind `revokeInvitation`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(
        functions::Operation::RevokeInvitation.endpoint(),
        functions::revoke_invitation::handle,
    )
    .await
}
