use axum::{
    body::Bytes,
    http::{Request, Response, header},
};

/// Sends a request on to its URI, which is absolute, and gives the whole answer.
///
/// # Errors
/// When nothing answers there, or not in time.
pub async fn forward(
    client: &reqwest::Client,
    mut request: Request<Bytes>,
) -> reqwest::Result<Response<Bytes>> {
    // It names who was asked first; the client names whom it asks.
    request.headers_mut().remove(header::HOST);
    let answer = client.execute(request.try_into()?).await?;
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    // Of the connection, not of the answer, which is whole now.
    headers.remove(header::TRANSFER_ENCODING);
    headers.remove(header::CONTENT_LENGTH);
    let mut response = Response::new(answer.bytes().await?);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}
