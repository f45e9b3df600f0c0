//! The function behind `updateOrganization`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(
        functions::Operation::UpdateOrganization.endpoint(),
        functions::update_organization::handle,
    )
    .await
}
