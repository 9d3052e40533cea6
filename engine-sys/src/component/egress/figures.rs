//! What is counted of all requests that guests send.

use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime_wasi_http::Error;

use super::errors::is_refusal;

#[derive(Default)]
pub struct Figures {
    pub answered: AtomicU64,
    pub denied: AtomicU64,
    pub failed: AtomicU64,
    pub bytes: AtomicU64,
    pub reused: AtomicU64,
}

impl Figures {
    pub fn add_bytes(&self, count: u64) {
        self.bytes.fetch_add(count, Ordering::Relaxed);
    }

    pub fn add_reused(&self) {
        self.reused.fetch_add(1, Ordering::Relaxed);
    }

    pub fn add_end(&self, error: Option<&Error>) {
        let counter = match error {
            None => &self.answered,
            Some(error) if is_refusal(error) => &self.denied,
            Some(_) => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
