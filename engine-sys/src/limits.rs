//! What one call may take, as sums: the engine's own limits are for each memory and each table.

use wasmtime::ResourceLimiter;
use wasmtime_c_api::WasmtimeStore;

/// What one call may take, over all its memories and tables; owned by the C++ side, which also reads the outcome.
#[repr(C)]
pub struct engine_sys_limits_t {
    pub memory_bytes: u64,
    pub table_elements: u64,
    pub instances: u64,
    pub memory_used: u64,
    pub table_used: u64,
    pub memory_refused: bool,
    pub table_refused: bool,
}

/// Growth that fails anyway, without its being counted.
fn is_beyond(desired: usize, maximum: Option<usize>) -> bool {
    maximum.is_some_and(|maximum| desired > maximum)
}

impl ResourceLimiter for engine_sys_limits_t {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if is_beyond(desired, maximum) {
            return Ok(false);
        }
        let used = self.memory_used + (desired.saturating_sub(current)) as u64;
        if used > self.memory_bytes {
            self.memory_refused = true;
            return Ok(false);
        }
        self.memory_used = used;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if is_beyond(desired, maximum) {
            return Ok(false);
        }
        let used = self.table_used + (desired.saturating_sub(current)) as u64;
        if used > self.table_elements {
            self.table_refused = true;
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
    store.limiter(move |_| {
        let pointer = &pointer;
        unsafe { &mut *pointer.0 }
    });
}
