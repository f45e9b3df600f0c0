//! Wiring of the function behind `listOrganizations`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve("listOrganizations", list_organizations::handle).await
}
