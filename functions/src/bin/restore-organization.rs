//! The function behind `restoreOrganization`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(
        functions::Operation::RestoreOrganization.endpoint(),
        functions::restore_organization::handle,
    )
    .await
}
