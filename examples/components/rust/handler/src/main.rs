use wstd::http::{Body, Error, Method, Request, Response, StatusCode};

#[wstd::http_server]
async fn main(request: Request<Body>) -> Result<Response<Body>, Error> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => text(StatusCode::OK, "hello from Rust\n"),
        // The body is handed on as a stream: it never is in memory as a whole.
        (&Method::POST, "/echo") => Ok(Response::new(request.into_body())),
        (&Method::GET, "/request") => text(StatusCode::OK, describe(&request)),
        _ => text(StatusCode::NOT_FOUND, "not found\n"),
    }
}

fn describe(request: &Request<Body>) -> String {
    let query = request.uri().query().unwrap_or("");
    let mut lines = vec![format!("query: {query}")];
    for (name, value) in request.headers() {
        lines.push(format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
    }
    lines.join("\n") + "\n"
}

fn text(status: StatusCode, body: impl Into<String>) -> Result<Response<Body>, Error> {
    let response = Response::builder().status(status).header("content-type", "text/plain; charset=utf-8");
    Ok(response.body(Body::from(body.into()))?)
}
