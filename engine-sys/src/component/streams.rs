//! The standard streams of a guest: its input is in memory as a whole, its output goes to the C++ side as it is written.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, empty, sink};
use wasmtime_wasi::cli::{IsTerminal, StdinStream, StdoutStream};
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

use super::host::Outside;

/// So much is handed over at once.
const PIECE_BYTES: usize = 64 << 10;

const OUTPUT: u32 = 1;
const ERROR: u32 = 2;

/// Bytes of the C++ side's, which outlive the call.
struct Rest(&'static [u8]);

/// All streams that a guest opens read on where the others stopped.
#[derive(Clone)]
pub struct Input(Arc<Mutex<Rest>>);

impl Input {
    /// `bytes` outlives the store; the lifetime says nothing.
    pub fn new(bytes: &'static [u8]) -> Self {
        Input(Arc::new(Mutex::new(Rest(bytes))))
    }
}

impl IsTerminal for Input {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdinStream for Input {
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        Box::new(empty())
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Input {
    async fn ready(&mut self) {}
}

#[async_trait]
impl InputStream for Input {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        let mut rest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if rest.0.is_empty() {
            return Err(StreamError::Closed);
        }
        let (piece, left) = rest.0.split_at(size.min(PIECE_BYTES).min(rest.0.len()));
        rest.0 = left;
        Ok(Bytes::copy_from_slice(piece))
    }
}

/// Standard output; it may have to wait for whoever reads it.
pub struct Output(pub Outside);

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(Output(self.0.clone()))
    }
}

#[async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {
        poll_fn(|_| {
            if self.has_room() {
                return Poll::Ready(());
            }
            self.0.waits();
            Poll::Pending
        })
        .await
    }
}

#[async_trait]
impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        write(&self.0, OUTPUT, &bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(if self.has_room() { PIECE_BYTES } else { 0 })
    }
}

impl Output {
    fn has_room(&self) -> bool {
        let functions = &self.0.functions;
        unsafe { (functions.output_ready)(functions.data) }
    }
}

/// Standard error, which always has room.
pub struct ErrorOutput(pub Outside);

impl IsTerminal for ErrorOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for ErrorOutput {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(ErrorOutput(self.0.clone()))
    }
}

#[async_trait]
impl Pollable for ErrorOutput {
    async fn ready(&mut self) {}
}

#[async_trait]
impl OutputStream for ErrorOutput {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        write(&self.0, ERROR, &bytes)
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PIECE_BYTES)
    }
}

fn write(outside: &Outside, stream: u32, bytes: &[u8]) -> StreamResult<()> {
    let functions = &outside.functions;
    let taken = unsafe { (functions.write)(functions.data, stream, bytes.as_ptr(), bytes.len()) };
    match taken {
        true => Ok(()),
        false => Err(StreamError::trap("the output is not taken")),
    }
}
