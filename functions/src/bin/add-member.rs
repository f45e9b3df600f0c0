//! The function behind `addMember`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(functions::Operation::AddMember.endpoint(), functions::add_member::handle).await
}
