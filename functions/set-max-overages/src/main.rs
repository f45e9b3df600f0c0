//! Wiring of the function behind `setMaxOverages`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve("setMaxOverages", set_max_overages::handle).await
}
