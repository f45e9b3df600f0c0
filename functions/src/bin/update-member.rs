//! The function behind `updateMember`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(functions::Operation::UpdateMember.endpoint(), functions::update_member::handle).await
}
