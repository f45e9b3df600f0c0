//! The function behind `createInvitation`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(
        functions::Operation::CreateInvitation.endpoint(),
        functions::create_invitation::handle,
    )
    .await
}
