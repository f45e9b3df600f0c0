//! The function behind `updateOrganization`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(functions::Operation::UpdateOrganization.id(), functions::update_organization::handle)
        .await
}
