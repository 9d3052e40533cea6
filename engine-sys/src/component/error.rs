//! Why a call of a component failed.

use wasmtime::{Error, PoolConcurrencyLimitError, Trap};
use wasmtime_wasi::I32Exit;

use super::call::engine_component_outcome_t;
use crate::handles::error_handle;

/// The engine has no type for it.
const OUT_OF_FUEL: &str = "fuel allocated for hostcalls has been exhausted";

/// What a guest did is a trap, with its frames, even where the engine has no code for it: a pointer to nowhere, a handle
/// that is none, too many of them. Only what keeps it from being made is an error of ours.
pub fn report(error: Error, outcome: &mut engine_component_outcome_t) {
    if let Some(exit) = error.downcast_ref::<I32Exit>() {
        outcome.exited = true;
        outcome.exit_code = exit.0;
        return;
    }
    let cause = error.root_cause().to_string();
    outcome.is_output_limit = cause.contains(OUT_OF_FUEL);
    outcome.common.no_room = error.is::<PoolConcurrencyLimitError>();
    if error.is::<Trap>() || (outcome.common.instantiated && !outcome.common.no_room) {
        if !error.is::<Trap>() {
            outcome.set_refusal(&cause);
        }
        outcome.common.trap = Box::into_raw(Box::new(error)).cast();
    } else {
        outcome.common.error = error_handle(Error::msg(cause));
    }
}
