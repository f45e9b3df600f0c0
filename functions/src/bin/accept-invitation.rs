//! The function behind `acceptInvitation`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(
        functions::Operation::AcceptInvitation.endpoint(),
        functions::accept_invitation::handle,
    )
    .await
}
