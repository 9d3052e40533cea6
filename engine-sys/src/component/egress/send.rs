//! One request, from its check to the head of its answer.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use http::header::HOST;
use http::{HeaderValue, Method, Request, Response, Uri, Version};
use hyper::body::Incoming;
use tokio::time::timeout;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::budget::Budget;
use super::connection::Connection;
use super::errors::from_hyper;
use super::pool::Key;
use super::received_body::{ReceivedBody, Source};
use super::sent_body::SentBody;

/// What a guest that names none gets; all ends with the call in any case.
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(600);
/// A connection that was used before and is not ready by then is not used again.
const UNTIL_READY: Duration = Duration::from_millis(100);
/// No timer is set for longer.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

struct Times {
    connect: Duration,
    first_byte: Duration,
    between_bytes: Duration,
}

impl Times {
    fn of(options: Option<RequestOptions>) -> Times {
        let options = options.unwrap_or_default();
        let time = |given: Option<Duration>, standard| given.unwrap_or(standard).min(LONGEST);
        Times {
            connect: time(options.connect_timeout, CONNECT),
            first_byte: time(options.first_byte_timeout, ANSWER),
            between_bytes: time(options.between_bytes_timeout, ANSWER),
        }
    }
}

/// `request` is for a host that it may be sent to. The address is checked here.
pub async fn send(
    budget: Arc<Budget>,
    key: Key,
    request: Request<WasiBody>,
    options: Option<RequestOptions>,
) -> Result<Response<WasiBody>, Error> {
    let times = Times::of(options);
    let slot = timeout(times.connect, budget.slots.clone().acquire_owned());
    let Ok(Ok(slot)) = slot.await else {
        return Err(Error::ConnectionLimitReached);
    };
    let request = on_the_wire(request, &key, &budget)?;
    let mut sending = Sending {
        request_gone: request.body().gone(),
        budget: &budget,
        key: &key,
        times: &times,
    };
    let (answer, connection) = sending.send(request).await?;
    let source = Source {
        connection,
        request_gone: sending.request_gone,
        key,
        _slot: slot,
    };
    Ok(answer
        .map(|body| WasiBody::new(ReceivedBody::new(body, source, budget, times.between_bytes))))
}

/// The request as it is sent to the host itself, and not to a proxy.
fn on_the_wire(
    request: Request<WasiBody>,
    key: &Key,
    budget: &Arc<Budget>,
) -> Result<Request<SentBody>, Error> {
    let (mut head, body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let path = match path.starts_with('/') {
        true => path.to_string(),
        false => format!("/{path}"), // a query alone
    };
    head.uri = Uri::try_from(path).map_err(|_| Error::HttpRequestUriInvalid)?;
    head.version = Version::HTTP_11;
    let host = HeaderValue::try_from(key.target.host_field());
    head.headers
        .insert(HOST, host.map_err(|_| Error::HttpRequestUriInvalid)?);
    let body = SentBody::new(Some(body), budget.clone());
    Ok(Request::from_parts(head, body))
}

struct Sending<'a> {
    request_gone: Arc<AtomicBool>,
    budget: &'a Arc<Budget>,
    key: &'a Key,
    times: &'a Times,
}

impl Sending<'_> {
    async fn send(
        &mut self,
        request: Request<SentBody>,
    ) -> Result<(Response<Incoming>, Connection), Error> {
        let mut request = request;
        while let Some(mut connection) = self.budget.egress.pool.take(self.key) {
            let is_ready = timeout(UNTIL_READY, connection.sender.ready()).await;
            if !matches!(is_ready, Ok(Ok(()))) {
                continue;
            }
            self.budget.egress.figures.add_reused();
            let again = self.copy(&request);
            match self.attempt(&mut connection, request).await {
                Ok(answer) => return Ok((answer, connection)),
                // The server closed it meanwhile; whether it did anything matters only to some requests.
                Err((error, unsent)) => match unsent.or(again).filter(|_| error.is_stale) {
                    Some(whole) => request = whole,
                    None => return Err(error.error),
                },
            }
            self.request_gone = request.body().gone();
            break;
        }
        let connecting = Connection::new(&self.budget.egress, self.key);
        let mut connection = timeout(self.times.connect, connecting)
            .await
            .map_err(|_| Error::ConnectionTimeout)??;
        match self.attempt(&mut connection, request).await {
            Ok(answer) => Ok((answer, connection)),
            Err((error, _)) => Err(error.error),
        }
    }

    async fn attempt(
        &self,
        connection: &mut Connection,
        request: Request<SentBody>,
    ) -> Result<Response<Incoming>, (Failure, Option<Request<SentBody>>)> {
        let answer = connection.sender.try_send_request(request);
        match timeout(self.times.first_byte, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(mut error)) => {
                let unsent = error.take_message();
                Err((Failure::of(error.error()), unsent))
            }
            Err(_) => Err((Failure::timeout(), None)),
        }
    }

    /// The same request, if it does no harm to send it twice.
    fn copy(&self, request: &Request<SentBody>) -> Option<Request<SentBody>> {
        let is_harmless = matches!(
            *request.method(),
            Method::GET
                | Method::HEAD
                | Method::OPTIONS
                | Method::PUT
                | Method::DELETE
                | Method::TRACE
        );
        if !is_harmless || !request.body().is_empty() {
            return None;
        }
        let mut copy = Request::new(SentBody::new(None, self.budget.clone()));
        *copy.method_mut() = request.method().clone();
        *copy.uri_mut() = request.uri().clone();
        *copy.headers_mut() = request.headers().clone();
        Some(copy)
    }
}

struct Failure {
    error: Error,
    /// The connection ended before anything of an answer came.
    is_stale: bool,
}

impl Failure {
    fn of(error: &hyper::Error) -> Failure {
        let own = error
            .source()
            .and_then(|cause| cause.downcast_ref::<Error>());
        match own {
            Some(Error::HttpRequestBodySize(size)) => Failure {
                error: Error::HttpRequestBodySize(*size),
                is_stale: false,
            },
            _ => Failure {
                error: from_hyper(error),
                is_stale: !error.is_parse() && !error.is_user(),
            },
        }
    }

    fn timeout() -> Failure {
        Failure {
            error: Error::HttpResponseTimeout,
            is_stale: false,
        }
    }
}
