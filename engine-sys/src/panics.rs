//! A panic of the engine's or of a host function's, for something that a guest did, ends what was asked for that guest
//! and not the process.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasmtime::{Error, Result};

/// What is left behind is only looked at by who is told of the error, and dropped.
pub fn caught<R>(work: impl FnOnce() -> R) -> Result<R> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .map(|text| text.to_string())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        Error::msg(format!("a panic of the engine: {text}"))
    })
}
