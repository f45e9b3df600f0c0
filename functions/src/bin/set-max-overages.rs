//! The function behind `setMaxOverages`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(functions::Operation::SetMaxOverages.endpoint(), functions::set_max_overages::handle)
        .await
}
