//! The body of an answer. Its connection is used again when it has been read to its end, and is closed when it is dropped
//! before.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep};
use wasmtime_wasi_http::Error;

use super::budget::Budget;
use super::connection::Connection;
use super::errors::from_hyper;
use super::pool::{Key, park};

/// Of an answer that nobody reads: what has come of it already, if that is all.
const MOST_UNREAD_PIECES: usize = 4;

/// What the connection of an answer needs to be used again.
pub struct Source {
    pub connection: Connection,
    pub key: Key,
    pub request_gone: Arc<AtomicBool>,
    pub _slot: OwnedSemaphorePermit, // given back when the connection is
}

pub struct ReceivedBody {
    incoming: Incoming,
    source: Option<Source>, // until its end
    budget: Arc<Budget>,
    between_bytes: Duration,
    silence: Option<Pin<Box<Sleep>>>, // while there is nothing to read
}

impl ReceivedBody {
    pub fn new(
        incoming: Incoming,
        source: Source,
        budget: Arc<Budget>,
        between_bytes: Duration,
    ) -> Self {
        let mut body = ReceivedBody {
            incoming,
            source: Some(source),
            budget,
            between_bytes,
            silence: None,
        };
        body.check_end();
        body
    }

    fn check_end(&mut self) {
        if self.incoming.is_end_stream() {
            self.finish();
        }
    }

    fn finish(&mut self) {
        if let Some(source) = self.source.take() {
            // A server may answer before it has the whole request.
            if source.request_gone.load(Ordering::Acquire) {
                park(&self.budget.egress, source.key, source.connection);
            }
        }
    }

    fn give_up(&mut self, error: Error) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.source = None;
        Poll::Ready(Some(Err(error)))
    }

    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let between_bytes = self.between_bytes;
        self.silence
            .get_or_insert_with(|| Box::pin(sleep(between_bytes)))
            .as_mut()
            .poll(cx)
    }

    fn take(&mut self, frame: Frame<Bytes>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Some(silence) = &mut self.silence {
            silence.as_mut().reset(Instant::now() + self.between_bytes);
        }
        let size = frame.data_ref().map_or(0, Bytes::len);
        if !self.budget.take_bytes(size) {
            let most = self.budget.egress.settings.bytes;
            return self.give_up(Error::HttpResponseBodySize(Some(most)));
        }
        self.check_end();
        Poll::Ready(Some(Ok(frame)))
    }
}

impl Body for ReceivedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.incoming).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => this.take(frame),
            Poll::Ready(Some(Err(error))) => this.give_up(from_hyper(&error)),
            Poll::Ready(None) => {
                this.finish();
                Poll::Ready(None)
            }
            Poll::Pending => match this.poll_silence(cx) {
                Poll::Ready(()) => this.give_up(Error::ConnectionReadTimeout),
                Poll::Pending => Poll::Pending,
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl Drop for ReceivedBody {
    fn drop(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..MOST_UNREAD_PIECES {
            if self.source.is_none() {
                return;
            }
            match Pin::new(&mut self.incoming).poll_frame(&mut cx) {
                Poll::Ready(Some(Ok(_))) => self.check_end(),
                Poll::Ready(None) => self.finish(),
                _ => return,
            }
        }
    }
}
