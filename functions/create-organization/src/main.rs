//! Wiring of the function behind `createOrganization`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve("createOrganization", create_organization::handle).await
}
