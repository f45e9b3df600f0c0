//! The function behind `deleteUser`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::edge::serve(functions::Operation::DeleteUser.endpoint(), functions::delete_user::handle).await
}
