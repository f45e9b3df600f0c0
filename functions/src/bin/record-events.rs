//! The function on the table's stream.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    functions::record_events::serve().await
}
