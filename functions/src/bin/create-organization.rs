//! The function behind `createOrganization`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(
        functions::Operation::CreateOrganization.endpoint(),
        functions::create_organization::handle,
    )
    .await
}
