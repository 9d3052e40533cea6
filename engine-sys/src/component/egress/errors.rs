//! What hyper's errors are to a guest.

use wasmtime_wasi_http::Error;

pub fn from_hyper(error: &hyper::Error) -> Error {
    if error.is_parse_too_large() {
        Error::HttpResponseHeaderSectionSize(None)
    } else if error.is_parse() {
        Error::HttpProtocolError
    } else if error.is_incomplete_message() {
        Error::HttpResponseIncomplete
    } else {
        Error::ConnectionTerminated
    }
}

/// What was refused, and not what went wrong.
pub fn is_refusal(error: &Error) -> bool {
    matches!(
        error,
        Error::HttpRequestDenied
            | Error::HttpRequestUriInvalid
            | Error::HttpRequestMethodInvalid
            | Error::DestinationIpProhibited
            | Error::ConnectionLimitReached
    )
}
