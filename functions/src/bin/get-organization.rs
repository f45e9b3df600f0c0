//! The function behind `getOrganization`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(functions::Operation::GetOrganization.endpoint(), functions::get_organization::handle)
        .await
}
