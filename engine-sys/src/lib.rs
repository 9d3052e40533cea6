//! Wasmtime's C API as one library, plus what that API leaves out and only Rust can reach.
//!
//! The C API's handles are one-field wrappers (`#[repr(C)]` or `transparent`). The functions here rely on that,
//! with the version pinned in `Cargo.toml` and the sizes asserted below; `src/engine/engine_sys.h` is their C header.

use std::ffi::c_void;
use std::mem::size_of;
use std::ptr;

use wasmtime::{Config, Enabled, Engine, PoolingAllocationConfig, ResourceLimiter};
pub use wasmtime_c_api::*;

const _: () = {
    assert!(size_of::<wasm_config_t>() == size_of::<Config>());
    assert!(size_of::<wasm_engine_t>() == size_of::<Engine>());
    assert!(size_of::<wasmtime_store_t>() == size_of::<WasmtimeStore>());
    assert!(
        size_of::<wasmtime_pooling_allocation_config_t>() == size_of::<PoolingAllocationConfig>()
    );
};

/// Lets the pool ask the kernel which pages a guest touched (`PAGEMAP_SCAN`, Linux 6.7), so that only
/// those are reset. Returns whether the kernel can.
///
/// # Safety
/// `pool` is a live handle from `wasmtime_pooling_allocation_config_new`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_sys_pool_use_pagemap_scan(
    pool: *mut wasmtime_pooling_allocation_config_t,
) -> bool {
    if !PoolingAllocationConfig::is_pagemap_scan_available() {
        return false;
    }
    let pool = unsafe { &mut *pool.cast::<PoolingAllocationConfig>() };
    pool.pagemap_scan(Enabled::Yes);
    true
}

/// Makes an engine, or reports why not; the C API's own constructor aborts the process instead.
/// Takes ownership of `config` either way.
///
/// # Safety
/// `config` is a live, owned handle; `engine` is valid for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_sys_engine_new(
    config: *mut wasm_config_t,
    engine: *mut *mut wasm_engine_t,
) -> *mut wasmtime_error_t {
    let config = unsafe { Box::from_raw(config.cast::<Config>()) };
    match Engine::new(&config) {
        Ok(made) => {
            unsafe { *engine = Box::into_raw(Box::new(made)).cast::<wasm_engine_t>() };
            ptr::null_mut()
        }
        Err(error) => Box::into_raw(Box::new(wasmtime_error_t::from(error))),
    }
}

/// A number that differs whenever artefacts of one engine would not load in another: version, settings, target.
///
/// # Safety
/// `engine` is a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_sys_compatibility_hash(engine: *const wasm_engine_t) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let engine = unsafe { &*engine.cast::<Engine>() };
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.finish()
}

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

impl ResourceLimiter for engine_sys_limits_t {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
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
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
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

struct LimitsPointer(*mut c_void);
unsafe impl Send for LimitsPointer {}
unsafe impl Sync for LimitsPointer {}

/// Applies `limits` to everything that `store` allocates from now on.
///
/// # Safety
/// `store` is a live handle; `limits` outlives it and is touched by nobody else while the store runs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_sys_store_limit(
    store: *mut wasmtime_store_t,
    limits: *mut engine_sys_limits_t,
) {
    let store = unsafe { &mut *store.cast::<WasmtimeStore>() };
    let pointer = LimitsPointer(limits.cast());
    store.limiter(move |_| {
        let pointer = &pointer;
        unsafe { &mut *pointer.0.cast::<engine_sys_limits_t>() }
    });
}

/// Starts the threads that compile the functions of one module side by side, each after `thread_start` has run on it
/// (it lowers the thread's priority). Call once, before the first compilation.
#[unsafe(no_mangle)]
pub extern "C" fn engine_sys_start_compile_threads(threads: usize, thread_start: extern "C" fn()) {
    let _ = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(|index| format!("compile-{index}"))
        .start_handler(move |_| thread_start())
        .build_global();
}
