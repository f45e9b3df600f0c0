//! Wiring of the function behind `getOrganization`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve("getOrganization", get_organization::handle).await
}
