//! Executable memory that the embedder manages: artefacts that lie there are used in place.

use std::ffi::c_void;
use std::io;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use wasmtime::{Config, CustomCodeMemory, Engine, Module, Result};
use wasmtime_c_api::{wasm_config_t, wasm_engine_t, wasmtime_error_t, wasmtime_module_t};

use crate::handles::{error_handle, hand_out};

/// Who manages it; called from any thread, for all code of an engine.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct engine_sys_code_memory_t {
    pub data: *mut c_void,
    pub publish: extern "C" fn(data: *mut c_void, text: *const u8, size: usize) -> bool,
    pub withdraw: extern "C" fn(data: *mut c_void, text: *const u8),
}

struct CodeMemory(engine_sys_code_memory_t);

unsafe impl Send for CodeMemory {}
unsafe impl Sync for CodeMemory {}

impl CustomCodeMemory for CodeMemory {
    /// Text begins where a page does, as it is: in a mapping of its own as in the embedder's memory.
    fn required_alignment(&self) -> usize {
        1
    }

    fn publish_executable(&self, text: *const u8, size: usize) -> Result<()> {
        if (self.0.publish)(self.0.data, text, size) {
            Ok(())
        } else {
            Err(io::Error::last_os_error().into())
        }
    }

    fn unpublish_executable(&self, text: *const u8, _size: usize) -> Result<()> {
        (self.0.withdraw)(self.0.data, text);
        Ok(())
    }
}

/// Has `memory` make an engine's code executable, and told when a piece of it is not used any more.
///
/// # Safety
/// `config` is a live handle; `memory` can be called for as long as anything of the engine lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_sys_config_code_memory_set(
    config: *mut wasm_config_t,
    memory: engine_sys_code_memory_t,
) {
    let config = unsafe { &mut *config.cast::<Config>() };
    config.with_custom_code_memory(Some(Arc::new(CodeMemory(memory))));
}

/// Loads the artefact that lies at `artefact`, without copying it. `withdraw` is called when it is not used any more, or
/// not if that never began; in case of an error either may be.
///
/// # Safety
/// `engine` is a live handle, `module` is valid for a write, and `artefact` points to the start of a page and `size` bytes
/// of an artefact of this engine, which nobody changes before `withdraw` has been called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_sys_module_in_place(
    engine: *const wasm_engine_t,
    artefact: *const u8,
    size: usize,
    module: *mut *mut wasmtime_module_t,
) -> *mut wasmtime_error_t {
    let engine = unsafe { &*engine.cast::<Engine>() };
    let memory = ptr::slice_from_raw_parts_mut(artefact.cast_mut(), size);
    let Some(memory) = NonNull::new(memory) else {
        return error_handle(wasmtime::Error::msg("there is no artefact"));
    };
    unsafe { hand_out(Module::deserialize_raw(engine, memory), module) }
}

/// Whether an instance has a memory of its own, whose image may be kept in an open file.
///
/// # Safety
/// `module` is a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_sys_module_has_memory(module: *const wasmtime_module_t) -> bool {
    let module = unsafe { &*module.cast::<Module>() };
    module.resources_required().num_memories > 0
}

/// Makes the image that the memories of instances begin with, which the first of them does otherwise. When that fails, it
/// is tried again there.
///
/// # Safety
/// `module` is a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_sys_module_make_image(module: *const wasmtime_module_t) {
    let module = unsafe { &*module.cast::<Module>() };
    let _ = module.initialize_copy_on_write_image();
}
