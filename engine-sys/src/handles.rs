//! What is handed out to C.

use std::ptr;

use wasmtime::{Error, Result};
use wasmtime_c_api::wasmtime_error_t;

/// Writes what was made to `handle`, whose owner the caller becomes; else returns why not, and writes nothing.
///
/// # Safety
/// `handle` is valid for a write, and `H` is the C API's name of a `T`: its one field.
pub unsafe fn hand_out<T, H>(made: Result<T>, handle: *mut *mut H) -> *mut wasmtime_error_t {
    match made {
        Ok(made) => {
            unsafe { *handle = Box::into_raw(Box::new(made)).cast() };
            ptr::null_mut()
        }
        Err(error) => error_handle(error),
    }
}

/// The caller becomes its owner.
pub fn error_handle(error: Error) -> *mut wasmtime_error_t {
    Box::into_raw(Box::new(wasmtime_error_t::from(error)))
}
