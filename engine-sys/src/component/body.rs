//! The bodies of a request and of its answer, between the C++ side and a guest.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::{ptr, slice};

use bytes::Bytes;
use http_body::{Body, Frame};
use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use super::host::{BODY_END, BODY_PIECE, BODY_WAIT, Outside};
use super::http::send_fields;

/// The request's body. It is read when the guest reads it.
pub struct RequestBody(pub Outside);

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let functions = &self.0.functions;
        let (mut piece, mut size) = (ptr::null(), 0);
        match unsafe { (functions.read_body)(functions.data, &mut piece, &mut size) } {
            BODY_PIECE => {
                let piece = unsafe { slice::from_raw_parts(piece, size) };
                Poll::Ready(Some(Ok(Frame::data(Bytes::copy_from_slice(piece)))))
            }
            BODY_WAIT => {
                self.0.waits();
                Poll::Pending
            }
            BODY_END => Poll::Ready(None),
            _ => Poll::Ready(Some(Err(Error::ConnectionTerminated))),
        }
    }
}

/// How the answer's body goes on.
#[derive(PartialEq, Eq)]
pub enum Sent {
    /// All of it, with its end.
    Whole,
    /// The guest gave it up.
    Aborted,
    /// The guest has not written what comes next.
    WaitsForGuest,
    /// Nobody takes what it has written.
    WaitsForRoom,
}

/// Passes on what the guest has written of its answer's body, for as long as it is taken.
pub fn send_body(outside: &Outside, body: &mut HyperOutgoingBody, cx: &mut Context<'_>) -> Sent {
    let functions = &outside.functions;
    loop {
        if !unsafe { (functions.answer_ready)(functions.data) } {
            outside.waits();
            return Sent::WaitsForRoom;
        }
        match Pin::new(&mut *body).poll_frame(cx) {
            Poll::Pending => return Sent::WaitsForGuest,
            Poll::Ready(None) => {
                unsafe { (functions.end_answer)(functions.data, ptr::null(), 0) };
                return Sent::Whole;
            }
            Poll::Ready(Some(Err(_))) => return Sent::Aborted,
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(piece) => unsafe {
                    (functions.write_answer)(functions.data, piece.as_ptr(), piece.len());
                },
                Err(frame) => {
                    let trailers = frame.into_trailers().unwrap_or_default();
                    send_fields(&trailers, |fields, count| unsafe {
                        (functions.end_answer)(functions.data, fields, count);
                    });
                    return Sent::Whole;
                }
            },
        }
    }
}
