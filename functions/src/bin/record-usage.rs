//! The function behind `recordUsage`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(functions::Operation::RecordUsage.endpoint(), functions::record_usage::handle).await
}
