//! Wiring of the function behind `updateOrganization`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve("updateOrganization", update_organization::handle).await
}
