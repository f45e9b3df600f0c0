//! The function behind `previewInvitation`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(
        functions::Operation::PreviewInvitation.endpoint(),
        functions::preview_invitation::handle,
    )
    .await
}
