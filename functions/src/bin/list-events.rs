//! The function behind `listEvents`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(functions::Operation::ListEvents.endpoint(), functions::list_events::handle).await
}
