//! The body of a request on its way out.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use wasmtime_wasi_http::{Error, WasiBody};

use super::budget::Budget;

pub struct SentBody {
    body: Option<WasiBody>, // none: empty
    budget: Arc<Budget>,
    is_gone: Arc<AtomicBool>,
}

impl SentBody {
    pub fn new(body: Option<WasiBody>, budget: Arc<Budget>) -> Self {
        SentBody {
            body: body.filter(|body| !body.is_end_stream()),
            budget,
            is_gone: Arc::new(AtomicBool::new(false)),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.body.is_none()
    }

    /// Set when the connection has nothing more to send of it.
    pub fn gone(&self) -> Arc<AtomicBool> {
        self.is_gone.clone()
    }
}

impl Drop for SentBody {
    fn drop(&mut self) {
        self.is_gone.store(true, Ordering::Release);
    }
}

impl Body for SentBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        let frame = match Pin::new(body).poll_frame(cx) {
            Poll::Ready(frame) => frame,
            Poll::Pending => return Poll::Pending,
        };
        if this.budget.has_ended() {
            // What the guest left behind looks like a whole body.
            return Poll::Ready(Some(Err(Error::ConnectionTerminated)));
        }
        if let Some(Ok(frame)) = &frame {
            let size = frame.data_ref().map_or(0, Bytes::len);
            if !this.budget.take_bytes(size) {
                return Poll::Ready(Some(Err(Error::HttpRequestBodySize(None))));
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            Some(body) => body.size_hint(),
            None => SizeHint::with_exact(0),
        }
    }
}
