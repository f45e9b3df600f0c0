//! The function behind `listOrganizations`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(
        functions::Operation::ListOrganizations.endpoint(),
        functions::list_organizations::handle,
    )
    .await
}
