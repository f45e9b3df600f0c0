//! Forwards HTTP requests.

use axum::{
    body::Bytes,
    http::{Request, Response, header},
};

/// Forwards a request to its URI, which must be absolute, and returns the response with its whole body.
///
/// # Errors
/// If the server is unreachable or does not answer in time.
pub async fn forward(
    client: &reqwest::Client,
    mut request: Request<Bytes>,
) -> reqwest::Result<Response<Bytes>> {
    // The client sets the Host header of the new server.
    request.headers_mut().remove(header::HOST);
    let answer = client.execute(request.try_into()?).await?;
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    // These describe how the body was transferred on that connection.
    headers.remove(header::TRANSFER_ENCODING);
    headers.remove(header::CONTENT_LENGTH);
    let mut response = Response::new(answer.bytes().await?);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}
