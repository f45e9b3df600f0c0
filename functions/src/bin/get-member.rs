//! The function behind `getMember`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(functions::Operation::GetMember.endpoint(), functions::get_member::handle).await
}
