//! Wiring of the function behind `addMember`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve("addMember", add_member::handle).await
}
