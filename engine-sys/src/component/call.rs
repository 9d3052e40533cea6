//! One call of a component in a fresh instance: of a typed function, a command or a handler of HTTP, as one future.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::time::Instant;
use std::{slice, str};

use wasmtime::component::{Instance, TypedFunc};
use wasmtime::{Result, Store, bail};
use wasmtime_c_api::wasm_byte_vec_t;

use super::egress::call::CallEgress;
use super::egress::outside::EgressHandle;
use super::error::report;
use super::host::{Host, MOST_HANDLES, Outside, engine_component_host_t, engine_field_t};
use super::http::{engine_request_t, handle};
use super::lift::Results;
use super::load::LinkedComponent;
use super::lower::Arguments;
use super::waking::{Target, Waking, runtime};
use crate::call::engine_sys_outcome_t;
use crate::handles::error_handle;
use crate::limits::engine_sys_limits_t;
use crate::panics::caught;

/// Bytes of the C++ side's, which outlive what they are given to.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct engine_text_t {
    pub data: *const u8,
    pub size: usize,
}

impl engine_text_t {
    pub fn of(bytes: &[u8]) -> Self {
        engine_text_t {
            data: bytes.as_ptr(),
            size: bytes.len(),
        }
    }

    /// # Safety
    /// The bytes are there.
    pub unsafe fn bytes(&self) -> &'static [u8] {
        match self.size {
            0 => &[],
            size => unsafe { slice::from_raw_parts(self.data, size) },
        }
    }

    /// Text that is no UTF-8 has no characters; the C++ side passes none.
    ///
    /// # Safety
    /// The bytes are there.
    pub unsafe fn get(&self) -> &'static str {
        str::from_utf8(unsafe { self.bytes() }).unwrap_or_default()
    }
}

pub const CALL_FUNCTION: u32 = 0;
pub const CALL_COMMAND: u32 = 1;
pub const CALL_HTTP: u32 = 2;

/// What to call; all pointers outlive the call.
#[repr(C)]
pub struct engine_component_spec_t {
    pub component: *const LinkedComponent,
    pub host: engine_component_host_t,
    pub limits: *mut engine_sys_limits_t,
    pub first_slice_ticks: u64,
    pub slice_ticks: u64,
    /// How many bytes may cross from the guest's memory at once.
    pub crossing_bytes: u64,
    /// One of CALL_*.
    pub kind: u32,
    /// Of a function: the exported instance that it is in, empty if it is in none, and its name there.
    pub interface: engine_text_t,
    pub function: engine_text_t,
    /// Of a function (`value_bytes.rs`).
    pub values: engine_text_t,
    /// Of HTTP.
    pub request: engine_request_t,
    /// What WASI offers: arguments with the program's name, variables, standard input.
    pub arguments: *const engine_text_t,
    pub argument_count: usize,
    pub variables: *const engine_field_t,
    pub variable_count: usize,
    pub input: engine_text_t,
    /// Of requests that the guest sends. Null: none.
    pub egress: *const EgressHandle,
    /// To which hosts (`egress/pattern.rs`), and for whom: who has the same number shares connections.
    pub egress_patterns: *const engine_text_t,
    pub egress_pattern_count: usize,
    pub egress_owner: u64,
}

impl engine_component_spec_t {
    /// # Safety
    /// As of all below: what it points to is there.
    pub unsafe fn arguments_texts(&self) -> &[engine_text_t] {
        match self.argument_count {
            0 => &[],
            count => unsafe { slice::from_raw_parts(self.arguments, count) },
        }
    }

    pub unsafe fn variables(&self) -> &[engine_field_t] {
        match self.variable_count {
            0 => &[],
            count => unsafe { slice::from_raw_parts(self.variables, count) },
        }
    }

    pub unsafe fn egress(&self) -> CallEgress {
        let patterns = match self.egress_pattern_count {
            0 => &[],
            count => unsafe { slice::from_raw_parts(self.egress_patterns, count) },
        };
        let egress = unsafe { self.egress.as_ref() };
        CallEgress::new(
            egress.map(|handle| handle.0.clone()),
            patterns,
            self.egress_owner,
        )
    }

    pub unsafe fn input(&self) -> &'static [u8] {
        unsafe { self.input.bytes() }
    }
}

/// How it ended; written when `engine_component_call_poll` says that it has.
#[repr(C)]
pub struct engine_component_outcome_t {
    /// With a trap also what a guest did that the engine has no trap for: `refusal` says what.
    pub common: engine_sys_outcome_t,
    /// Results of a function (`value_bytes.rs`), owned by the reader.
    pub values: wasm_byte_vec_t,
    /// Why, in words; owned by the reader, empty if there is nothing to say.
    pub refusal: wasm_byte_vec_t,
    /// A command, or whatever else left that way.
    pub exited: bool,
    pub exit_code: i32,
    /// Of HTTP: the answer has a head; it is whole.
    pub has_head: bool,
    pub answered: bool,
    /// More than `crossing_bytes` would have crossed.
    pub is_output_limit: bool,
    /// Of HTTP: the request is none that a handler can be given; `refusal` says why.
    pub is_bad_request: bool,
}

const LONGEST_REFUSAL: usize = 300;

impl engine_component_outcome_t {
    /// In one line; names in it are the guest's, as long and with any characters as it likes.
    pub fn set_refusal(&mut self, text: &str) {
        let is_kept = |character: &char| !character.is_control();
        let text: String = text.chars().filter(is_kept).take(LONGEST_REFUSAL).collect();
        self.refusal.set_buffer(text.into_bytes());
    }
}

/// A poll of a call ends in one of these.
pub const POLL_ENDED: u32 = 0;
pub const POLL_SLICE_USED: u32 = 1;
/// Until the host's `wake`.
pub const POLL_WAITS: u32 = 2;
/// Until the C++ side has room or a piece of a body, and for nothing else.
pub const POLL_WAITS_OUTSIDE: u32 = 3;

pub struct ComponentCall {
    future: Pin<Box<dyn Future<Output = ()>>>,
    waking: Arc<Waking>,
    outside: Outside,
    outcome: *mut engine_component_outcome_t,
}

/// A call that has not begun: the first poll does.
///
/// # Safety
/// What `spec` points to, and `outcome`, outlive the call and are touched by nobody else while it is polled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_component_call_new(
    spec: *const engine_component_spec_t,
    outcome: *mut engine_component_outcome_t,
) -> *mut ComponentCall {
    let functions = unsafe { (*spec).host };
    let outside = Outside::new(functions);
    let waking = Waking::new(Target {
        wake: functions.wake,
        data: functions.data,
    });
    let ends = outcome;
    let (spec, outcome) = unsafe { (&*spec, &mut *outcome) };
    let future = run(spec, outcome, outside.clone());
    Box::into_raw(Box::new(ComponentCall {
        future: Box::pin(future),
        waking,
        outside,
        outcome: ends,
    }))
}

/// Runs it for a slice. From any thread, one at a time.
///
/// # Safety
/// `call` is a live handle that has not ended.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_component_call_poll(call: *mut ComponentCall) -> u32 {
    let call = unsafe { &mut *call };
    let _entered = runtime().enter();
    let future = &mut call.future;
    let woken = call.waking.poll(|waker| {
        let polled = caught(|| {
            let _ = future.as_mut().poll(&mut Context::from_waker(waker));
        });
        if let Err(error) = polled {
            let outcome = unsafe { &mut *call.outcome };
            outcome.common.error = error_handle(error);
            outcome.common.ended = true;
        }
    });
    let waits_outside = call.outside.take_waits();
    if unsafe { (*call.outcome).common.ended } {
        POLL_ENDED
    } else if woken {
        POLL_SLICE_USED
    } else if waits_outside && Arc::strong_count(&call.waking) == 1 {
        // Nothing else holds what would wake it.
        POLL_WAITS_OUTSIDE
    } else {
        POLL_WAITS
    }
}

/// Stops the guest, wherever it is, and gives its instance back.
///
/// # Safety
/// `call` is a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_component_call_delete(call: *mut ComponentCall) {
    let call = unsafe { Box::from_raw(call) };
    call.waking.forget_target();
    // Timers and tasks that end with it are the runtime's.
    let _entered = runtime().enter();
    drop(call);
}

async fn run(
    spec: &engine_component_spec_t,
    outcome: &mut engine_component_outcome_t,
    outside: Outside,
) {
    let mut store = new_store(spec, &outside);
    if let Err(error) = call(&mut store, spec, outcome, &outside).await {
        report(error, outcome);
    }
    outcome.common.ended = true;
    // The store, and with it the instance, is dropped with the call and not before: whoever waits for the results need
    // not wait for that.
    pending::<()>().await
}

fn new_store(spec: &engine_component_spec_t, outside: &Outside) -> Store<Host> {
    let component = unsafe { &*spec.component };
    let host = unsafe { Host::new(spec, outside) };
    let mut store = Store::new(component.instance.engine(), host);
    store.limiter_async(|host| host.limits());
    store.set_epoch_deadline(spec.first_slice_ticks);
    store.epoch_deadline_async_yield_and_update(spec.slice_ticks);
    store.set_hostcall_fuel(usize::try_from(spec.crossing_bytes).unwrap_or(usize::MAX));
    store.set_max_component_handles(MOST_HANDLES);
    store
}

async fn call(
    store: &mut Store<Host>,
    spec: &engine_component_spec_t,
    outcome: &mut engine_component_outcome_t,
    outside: &Outside,
) -> Result<()> {
    let started = Instant::now();
    let component = unsafe { &*spec.component };
    let instance = component.instance.instantiate_async(&mut *store).await?;
    outcome.common.instantiate_nanoseconds = started.elapsed().as_nanos() as u64;
    outcome.common.instantiated = true;
    // From now on the guest is told, by `memory.grow`.
    unsafe { (*spec.limits).may_wait = false };
    match spec.kind {
        CALL_COMMAND => run_command(store, component, instance, outcome).await,
        CALL_HTTP => {
            let Some(handler) = &component.handler else {
                bail!("the component exports no handler of wasi:http 0.2");
            };
            let handler = handler.load(&mut *store, &instance)?;
            handle(store, &handler, &spec.request, outside, outcome).await
        }
        _ => call_function(store, spec, component, instance, outcome).await,
    }
}

/// Its end is an exit: 0, or 1 when it says that it failed.
async fn run_command(
    store: &mut Store<Host>,
    component: &LinkedComponent,
    instance: Instance,
    outcome: &mut engine_component_outcome_t,
) -> Result<()> {
    let Some(command) = &component.command else {
        bail!("the component exports no wasi:cli/run 0.2");
    };
    let command = command.load(&mut *store, &instance)?;
    let result = command.wasi_cli_run().call_run(store).await?;
    outcome.exited = true;
    outcome.exit_code = i32::from(result.is_err());
    Ok(())
}

async fn call_function(
    store: &mut Store<Host>,
    spec: &engine_component_spec_t,
    component: &LinkedComponent,
    instance: Instance,
    outcome: &mut engine_component_outcome_t,
) -> Result<()> {
    let (interface, name) = unsafe { (spec.interface.get(), spec.function.get()) };
    let code = component.instance.component();
    let index = match interface {
        "" => code.get_export_index(None, name),
        _ => code
            .get_export_index(None, interface)
            .and_then(|interface| code.get_export_index(Some(&interface), name)),
    };
    let Some(function) = index.and_then(|index| instance.get_func(&mut *store, index)) else {
        outcome.common.no_such_function = true;
        return Ok(());
    };
    let arguments = Arguments(unsafe { spec.values.bytes() });
    // Both follow the function's own types wherever they read or write.
    let function = unsafe { TypedFunc::<Arguments<'_>, Results>::new_unchecked(function) };
    let results = function.call_async(store, arguments).await?;
    outcome.values.set_buffer(results.0);
    Ok(())
}
