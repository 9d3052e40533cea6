//! Wasmtime's C API as one library, plus what that API leaves out and only Rust can reach.
//!
//! The C API's handles are one-field wrappers (`#[repr(C)]` or `transparent`). The functions here rely on that,
//! with the version pinned in `Cargo.toml` and the sizes asserted below; `src/engine/engine_sys.h` is their C header.

use std::fs::File;
use std::mem::size_of;
use std::os::fd::{FromRawFd, RawFd};
use std::ptr;
use std::slice;

use wasmtime::{Config, Enabled, Engine, Module, PoolingAllocationConfig};
pub use wasmtime_c_api::*;

pub mod call;
pub mod code_memory;
pub mod compile_cost;
pub mod component;
pub mod handles;
pub mod inspect;
pub mod inspect_component;
pub mod limits;
pub mod out_of_memory;
pub mod panics;
pub mod param_names;
pub mod pass;
pub mod report;

use handles::{error_handle, hand_out};

const _: () = {
    assert!(size_of::<wasm_config_t>() == size_of::<Config>());
    assert!(size_of::<wasm_engine_t>() == size_of::<Engine>());
    assert!(
        size_of::<wasmtime_pooling_allocation_config_t>() == size_of::<PoolingAllocationConfig>()
    );
    assert!(size_of::<wasmtime_module_t>() == size_of::<Module>());
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
    unsafe { hand_out(Engine::new(&config), engine) }
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

/// Maps the artefact in an open file; the C API can only open one by its path. Takes ownership of `file` either way.
///
/// # Safety
/// `engine` is a live handle, `module` is valid for a write, and `file` is an open file that this engine's artefact was
/// written to and nothing else will be.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_sys_module_map(
    engine: *const wasm_engine_t,
    file: RawFd,
    module: *mut *mut wasmtime_module_t,
) -> *mut wasmtime_error_t {
    let engine = unsafe { &*engine.cast::<Engine>() };
    let file = unsafe { File::from_raw_fd(file) };
    unsafe { hand_out(Module::deserialize_open_file(engine, file), module) }
}

/// Compiles a module to the bytes of its artefact; a large one on all of the process's threads for that.
///
/// # Safety
/// `engine` is a live handle, `wasm` points to `size` bytes, `artefact` is an empty vector.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_sys_precompile(
    engine: *const wasm_engine_t,
    wasm: *const u8,
    size: usize,
    artefact: *mut wasm_byte_vec_t,
) -> *mut wasmtime_error_t {
    let engine = unsafe { &*engine.cast::<Engine>() };
    let wasm = unsafe { slice::from_raw_parts(wasm, size) };
    match engine.precompile_module(wasm) {
        Ok(bytes) => {
            unsafe { (*artefact).set_buffer(bytes) };
            ptr::null_mut()
        }
        Err(error) => error_handle(error),
    }
}
