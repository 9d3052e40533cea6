//! What one call may send and receive.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Semaphore;

use super::Egress;

/// At once; more of them wait for one another.
const MOST_AT_ONCE: usize = 16;

pub struct Budget {
    pub egress: Arc<Egress>,
    pub slots: Arc<Semaphore>,
    requests: AtomicU64,
    bytes: AtomicU64,
    ended: AtomicBool,
}

impl Budget {
    pub fn new(egress: Arc<Egress>) -> Arc<Self> {
        Arc::new(Budget {
            egress,
            slots: Arc::new(Semaphore::new(MOST_AT_ONCE)),
            requests: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        })
    }

    /// Whether there may be another request.
    pub fn take_request(&self) -> bool {
        self.requests.fetch_add(1, Ordering::Relaxed) < self.egress.settings.requests
    }

    /// Whether so many bytes may go either way.
    pub fn take_bytes(&self, count: usize) -> bool {
        let count = count as u64;
        let before = self.bytes.fetch_add(count, Ordering::Relaxed);
        let is_within = before.saturating_add(count) <= self.egress.settings.bytes;
        if is_within {
            self.egress.figures.add_bytes(count);
        }
        is_within
    }

    /// The guest is gone: a body that it has not finished never will be.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}
