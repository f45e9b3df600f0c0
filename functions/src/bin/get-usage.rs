//! The function behind `getUsage`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(functions::Operation::GetUsage.endpoint(), functions::get_usage::handle).await
}
