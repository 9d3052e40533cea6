//! Components that are ready to be instantiated.

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::ptr::NonNull;
use std::{ptr, slice};

use wasmtime::component::{Component, InstancePre, Linker, Resource, ResourceType};
use wasmtime::{Engine, Precompiled, Result};
use wasmtime_c_api::{wasm_byte_vec_t, wasm_engine_t, wasmtime_error_t};
use wasmtime_wasi::p2::bindings::CommandIndices;
use wasmtime_wasi_http::p2::bindings::ProxyIndices;
use wasmtime_wasi_http::p2::body::HostOutgoingBody;

use super::host::Host;
use crate::handles::{error_handle, hand_out};

/// Everything that a component may import, for one engine.
pub struct ComponentLinker {
    linker: Linker<Host>,
}

/// One whose imports are there. Shared by threads.
pub struct LinkedComponent {
    pub instance: InstancePre<Host>,
    pub command: Option<CommandIndices>,
    pub handler: Option<ProxyIndices>,
}

const HTTP_TYPES: &str = "wasi:http/types@0.2.12";

/// A body that is given up by its guest before it is finished is no whole one; the library tells it from one that is
/// finished only when it is told so.
fn abort_dropped_bodies(linker: &mut Linker<Host>) -> Result<()> {
    linker.allow_shadowing(true);
    let body = ResourceType::host::<HostOutgoingBody>();
    linker
        .instance(HTTP_TYPES)?
        .resource("outgoing-body", body, |mut store, handle| {
            let body = Resource::<HostOutgoingBody>::new_own(handle);
            store.data_mut().table().delete(body)?.abort();
            Ok(())
        })
}

fn make_linker(engine: &Engine) -> Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    abort_dropped_bodies(&mut linker)?;
    Ok(linker)
}

/// # Safety
/// `engine` is a live handle; `linker` is valid for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_component_linker_new(
    engine: *const wasm_engine_t,
    linker: *mut *mut ComponentLinker,
) -> *mut wasmtime_error_t {
    let engine = unsafe { &*engine.cast::<Engine>() };
    let made = make_linker(engine).map(|linker| ComponentLinker { linker });
    unsafe { hand_out(made, linker) }
}

/// # Safety
/// `linker` is a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_component_linker_delete(linker: *mut ComponentLinker) {
    drop(unsafe { Box::from_raw(linker) });
}

/// Whether bytes that an engine made are those of a component.
///
/// # Safety
/// `artefact` points to `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_is_component_artefact(artefact: *const u8, size: usize) -> bool {
    let artefact = unsafe { slice::from_raw_parts(artefact, size) };
    Engine::detect_precompiled(artefact) == Some(Precompiled::Component)
}

/// The same, of an open file, which stays open.
#[unsafe(no_mangle)]
pub extern "C" fn engine_is_component_file(file: RawFd) -> bool {
    let kind = Engine::detect_precompiled_file(path_of(file));
    matches!(kind, Ok(Some(Precompiled::Component)))
}

/// The engine opens files by their names.
fn path_of(file: RawFd) -> String {
    format!("/proc/self/fd/{file}")
}

/// Compiles a component to the bytes of its artefact.
///
/// # Safety
/// `engine` is a live handle, `wasm` points to `size` bytes, `artefact` is an empty vector.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_component_precompile(
    engine: *const wasm_engine_t,
    wasm: *const u8,
    size: usize,
    artefact: *mut wasm_byte_vec_t,
) -> *mut wasmtime_error_t {
    let engine = unsafe { &*engine.cast::<Engine>() };
    let wasm = unsafe { slice::from_raw_parts(wasm, size) };
    match engine.precompile_component(wasm) {
        Ok(bytes) => {
            unsafe { (*artefact).set_buffer(bytes) };
            ptr::null_mut()
        }
        Err(error) => error_handle(error),
    }
}

/// Loads an artefact, of which a copy is kept.
///
/// # Safety
/// `engine` is a live handle, `artefact` points to `size` bytes that this engine made, `component` is valid for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_component_load(
    engine: *const wasm_engine_t,
    artefact: *const u8,
    size: usize,
    component: *mut *mut Component,
) -> *mut wasmtime_error_t {
    let engine = unsafe { &*engine.cast::<Engine>() };
    let artefact = unsafe { slice::from_raw_parts(artefact, size) };
    unsafe { hand_out(Component::deserialize(engine, artefact), component) }
}

/// The same, of one that lies where its code can be executed, until it is withdrawn.
///
/// # Safety
/// As `engine_sys_module_in_place`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_component_in_place(
    engine: *const wasm_engine_t,
    artefact: *const u8,
    size: usize,
    component: *mut *mut Component,
) -> *mut wasmtime_error_t {
    let engine = unsafe { &*engine.cast::<Engine>() };
    let artefact = ptr::slice_from_raw_parts_mut(artefact.cast_mut(), size);
    let artefact = unsafe { NonNull::new_unchecked(artefact) };
    unsafe { hand_out(Component::deserialize_raw(engine, artefact), component) }
}

/// The same, from an open file, which is mapped. Takes ownership of `file` either way.
///
/// # Safety
/// `engine` is a live handle, `component` is valid for a write, and `file` is an open file that this engine's artefact
/// was written to and nothing else will be.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_component_map(
    engine: *const wasm_engine_t,
    file: RawFd,
    component: *mut *mut Component,
) -> *mut wasmtime_error_t {
    let engine = unsafe { &*engine.cast::<Engine>() };
    let file = unsafe { File::from_raw_fd(file) };
    let code = unsafe { Component::deserialize_file(engine, path_of(file.as_raw_fd())) };
    unsafe { hand_out(code, component) }
}

/// How many bytes its code takes.
///
/// # Safety
/// `component` is a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_component_size(component: *const Component) -> usize {
    let range = unsafe { (*component).image_range() };
    range.end as usize - range.start as usize
}

/// How many memories an instance has.
///
/// # Safety
/// `component` is a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_component_memories(component: *const Component) -> u32 {
    let required = unsafe { (*component).resources_required() };
    required.map_or(0, |required| required.num_memories)
}

/// # Safety
/// `component` is a live handle, `artefact` is an empty vector.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_component_serialize(
    component: *const Component,
    artefact: *mut wasm_byte_vec_t,
) -> *mut wasmtime_error_t {
    match unsafe { (*component).serialize() } {
        Ok(bytes) => {
            unsafe { (*artefact).set_buffer(bytes) };
            ptr::null_mut()
        }
        Err(error) => error_handle(error),
    }
}

/// # Safety
/// `component` is a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_component_code_delete(component: *mut Component) {
    drop(unsafe { Box::from_raw(component) });
}

/// Resolves its imports, and makes the images of its memories, which the first instance does otherwise.
///
/// # Safety
/// `linker` and `code` are live handles; `component` is valid for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_component_link(
    linker: *const ComponentLinker,
    code: *const Component,
    component: *mut *mut LinkedComponent,
) -> *mut wasmtime_error_t {
    let (linker, code) = unsafe { (&*linker, &*code) };
    let linked = linker.linker.instantiate_pre(code).map(|instance| {
        // Without them only the first call takes longer.
        let _ = code.initialize_copy_on_write_image();
        LinkedComponent {
            command: CommandIndices::new(&instance).ok(),
            handler: ProxyIndices::new(&instance).ok(),
            instance,
        }
    });
    unsafe { hand_out(linked, component) }
}

/// # Safety
/// `component` is a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_component_delete(component: *mut LinkedComponent) {
    drop(unsafe { Box::from_raw(component) });
}
