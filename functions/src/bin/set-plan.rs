//! The function behind `setPlan`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(functions::Operation::SetPlan.endpoint(), functions::set_plan::handle).await
}
