//! The function behind `deleteOrganization`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(
        functions::Operation::DeleteOrganization.endpoint(),
        functions::delete_organization::handle,
    )
    .await
}
