//! What one call may take, as sums: the engine's own limits are for each memory and each table.

use std::ffi::c_void;
use std::future::poll_fn;
use std::mem::size_of;
use std::task::Poll;

use async_trait::async_trait;
use wasmtime::ResourceLimiterAsync;
use wasmtime_c_api::WasmtimeStore;

/// What one call may take, over all its memories and tables; owned by the C++ side, which also reads the outcome.
#[repr(C)]
pub struct engine_sys_limits_t {
    pub memory_bytes: u64,
    pub table_elements: u64,
    pub instances: u64,
    /// Up to this much memory an operation on all of it is short.
    pub light_bytes: u64,
    /// Takes memory of the process's budget; false when there is not that much.
    pub take: Option<unsafe extern "C" fn(budget: *mut c_void, bytes: u64) -> bool>,
    pub budget: *mut c_void,
    /// While it is on, the call waits for memory of the budget instead of being refused.
    pub may_wait: bool,

    pub memory_used: u64,
    pub table_used: u64,
    pub memory_refused: bool,
    pub table_refused: bool,
    pub budget_refused: bool,
    pub is_waiting: bool,
    /// It has more than `light_bytes`.
    pub is_heavy: bool,
}

unsafe impl Send for engine_sys_limits_t {}

/// The engine's size of one.
const TABLE_ELEMENT: u64 = size_of::<*mut c_void>() as u64;

impl engine_sys_limits_t {
    fn has_taken(&self, bytes: u64) -> bool {
        self.take
            .is_none_or(|take| unsafe { take(self.budget, bytes) })
    }

    async fn take(&mut self, bytes: u64) -> bool {
        while !self.has_taken(bytes) {
            if !self.may_wait {
                self.budget_refused = true;
                return false;
            }
            self.is_waiting = true;
            next_poll().await;
            self.is_waiting = false;
        }
        true
    }
}

/// Growth that fails anyway, without its being counted.
fn is_beyond(desired: usize, maximum: Option<usize>) -> bool {
    maximum.is_some_and(|maximum| desired > maximum)
}

/// Leaves the call to be polled again, perhaps by another thread.
async fn next_poll() {
    let mut is_next = false;
    poll_fn(|cx| match std::mem::replace(&mut is_next, true) {
        true => Poll::Ready(()),
        false => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await
}

#[async_trait]
impl ResourceLimiterAsync for engine_sys_limits_t {
    /// A call that becomes heavy is left once before it is, so that it can be moved to a thread on which it may take
    /// its time: filling or copying much memory is one operation, which nothing interrupts.
    async fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if is_beyond(desired, maximum) {
            return Ok(false);
        }
        let more = desired.saturating_sub(current) as u64;
        let used = self.memory_used + more;
        if used > self.memory_bytes {
            self.memory_refused = true;
            return Ok(false);
        }
        if !self.take(more).await {
            return Ok(false);
        }
        self.memory_used = used;
        if used > self.light_bytes && !self.is_heavy {
            self.is_heavy = true;
            next_poll().await;
        }
        Ok(true)
    }

    async fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if is_beyond(desired, maximum) {
            return Ok(false);
        }
        let more = desired.saturating_sub(current) as u64;
        let used = self.table_used + more;
        if used > self.table_elements {
            self.table_refused = true;
            return Ok(false);
        }
        if !self.take(more * TABLE_ELEMENT).await {
            return Ok(false);
        }
        self.table_used = used;
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.instances as usize
    }
}

struct LimitsPointer(*mut engine_sys_limits_t);
unsafe impl Send for LimitsPointer {}
unsafe impl Sync for LimitsPointer {}

/// Applies `limits` to everything that `store` allocates from now on.
///
/// # Safety
/// `limits` outlives `store` and is touched by nobody else while the store runs.
pub unsafe fn limit_store(store: &mut WasmtimeStore, limits: *mut engine_sys_limits_t) {
    let pointer = LimitsPointer(limits);
    store.limiter_async(move |_| {
        let pointer = &pointer;
        unsafe { &mut *pointer.0 }
    });
}
