//! One call of one function in a fresh instance, as a single future: what the C API does with a store, two boxed
//! futures, a lookup and lists of tagged values is one allocation and no conversion here.

use std::ffi::c_void;
use std::future::{Future, pending};
use std::mem::size_of;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Instant;
use std::{slice, str};

use wasmtime::{
    Error, Func, FuncType, InstancePre, PoolConcurrencyLimitError, Result, ThrownException, Trap,
    TypedFunc, V128, Val, ValRaw, bail,
};
use wasmtime_c_api::{
    WasmtimeStore, WasmtimeStoreData, wasm_engine_t, wasm_trap_t, wasmtime_error_t,
    wasmtime_instance_pre_t, wasmtime_store_new, wasmtime_store_t,
};

use crate::handles::error_handle;
use crate::limits::{engine_sys_limits_t, limit_store};
use crate::panics::caught;

const _: () = {
    assert!(size_of::<wasmtime_instance_pre_t>() == size_of::<InstancePre<WasmtimeStoreData>>());
    assert!(size_of::<wasmtime_store_t>() == size_of::<WasmtimeStore>());
    assert!(size_of::<wasm_trap_t>() == size_of::<Error>());
    assert!(size_of::<ValRaw>() == size_of::<V128>());
    assert!(cfg!(target_endian = "little"));
};

/// What to call; all pointers outlive the call.
#[repr(C)]
pub struct engine_sys_call_spec_t {
    pub engine: *const wasm_engine_t,
    pub module: *const wasmtime_instance_pre_t,
    pub host_data: *mut c_void,
    pub limits: *mut engine_sys_limits_t,
    pub first_slice_ticks: u64,
    pub slice_ticks: u64,
    pub function: *const u8,
    pub function_size: usize,
    pub values: *mut ValRaw,
    pub params: usize,
    pub results: usize,
    pub initialize: bool,
}

/// How it ended; written when `engine_sys_call_poll` says that it has.
#[repr(C)]
pub struct engine_sys_outcome_t {
    pub trap: *mut wasm_trap_t,
    pub error: *mut wasmtime_error_t,
    pub instantiate_nanoseconds: u64,
    pub instantiated: bool,
    pub thrown: bool,
    pub no_room: bool,
    pub no_such_function: bool,
    pub ended: bool,
}

/// The head of a call, through which its future is reached without knowing its type.
#[repr(C)]
pub struct engine_sys_call_t {
    poll: unsafe fn(*mut engine_sys_call_t),
    delete: unsafe fn(*mut engine_sys_call_t),
    outcome: *mut engine_sys_outcome_t,
}

#[repr(C)]
struct Call<F> {
    head: engine_sys_call_t,
    future: F,
}

impl<F: Future<Output = ()>> Call<F> {
    fn boxed(future: F, outcome: *mut engine_sys_outcome_t) -> *mut engine_sys_call_t {
        let head = engine_sys_call_t {
            poll: Self::poll,
            delete: Self::delete,
            outcome,
        };
        Box::into_raw(Box::new(Call { head, future })).cast()
    }

    /// `call` came from `boxed` and is never moved.
    unsafe fn poll(call: *mut engine_sys_call_t) {
        let future = unsafe { Pin::new_unchecked(&mut (*call.cast::<Self>()).future) };
        let _ = future.poll(&mut Context::from_waker(Waker::noop()));
    }

    unsafe fn delete(call: *mut engine_sys_call_t) {
        drop(unsafe { Box::from_raw(call.cast::<Self>()) });
    }
}

/// A call that has not begun: the first poll does.
///
/// # Safety
/// What `spec` points to, and `outcome`, outlive the call and are touched by nobody else while it is polled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_sys_call_new(
    spec: *const engine_sys_call_spec_t,
    outcome: *mut engine_sys_outcome_t,
) -> *mut engine_sys_call_t {
    let head_outcome = outcome;
    let (spec, outcome) = unsafe { (&*spec, &mut *outcome) };
    let future = async move {
        let started = Instant::now();
        let mut store = new_store(spec);
        if let Err(error) = run(&mut store, spec, outcome, started).await {
            report(error, outcome);
        }
        outcome.ended = true;
        // The store, and with it the instance, is dropped with the call and not before: whoever waits for the results
        // need not wait for that.
        pending::<()>().await
    };
    Call::boxed(future, head_outcome)
}

/// Runs it for a slice; true when it has ended, its instance being kept until it is deleted. From any thread, one at
/// a time.
///
/// # Safety
/// `call` is a live handle that has not ended.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_sys_call_poll(call: *mut engine_sys_call_t) -> bool {
    let polled = caught(|| unsafe { ((*call).poll)(call) });
    let outcome = unsafe { &mut *(*call).outcome };
    if let Err(error) = polled {
        outcome.error = error_handle(error);
        outcome.ended = true;
    }
    outcome.ended
}

/// Stops the guest, wherever it is, and gives its instance back.
///
/// # Safety
/// `call` is a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_sys_call_delete(call: *mut engine_sys_call_t) {
    unsafe { ((*call).delete)(call) }
}

async fn run(
    store: &mut WasmtimeStore,
    spec: &engine_sys_call_spec_t,
    outcome: &mut engine_sys_outcome_t,
    started: Instant,
) -> Result<()> {
    let module = unsafe { &*spec.module.cast::<InstancePre<WasmtimeStoreData>>() };
    let instance = module.instantiate_async(&mut *store).await?;
    outcome.instantiate_nanoseconds = started.elapsed().as_nanos() as u64;
    outcome.instantiated = true;
    // From now on the guest is told, by `memory.grow`.
    unsafe { (*spec.limits).may_wait = false };

    if spec.initialize {
        if let Some(function) = instance.get_func(&mut *store, "_initialize") {
            call(store, function, &mut [], 0, 0).await?;
        }
    }
    let name = unsafe { slice::from_raw_parts(spec.function, spec.function_size) };
    let name = str::from_utf8(name).unwrap_or_default();
    let Some(function) = instance.get_func(&mut *store, name) else {
        outcome.no_such_function = true;
        return Ok(());
    };
    let values = spec.params.max(spec.results);
    let values = match values {
        0 => &mut [],
        _ => unsafe { slice::from_raw_parts_mut(spec.values, values) },
    };
    call(store, function, values, spec.params, spec.results).await
}

fn new_store(spec: &engine_sys_call_spec_t) -> WasmtimeStore {
    // The C API's own constructor, because its data's fields are private; unwrapped again.
    let store = wasmtime_store_new(unsafe { &*spec.engine }, spec.host_data, None);
    let mut store = *unsafe { Box::from_raw(Box::into_raw(store).cast::<WasmtimeStore>()) };
    unsafe { limit_store(&mut store, spec.limits) };
    store.set_epoch_deadline(spec.first_slice_ticks);
    store.epoch_deadline_async_yield_and_update(spec.slice_ticks);
    store
}

async fn call(
    store: &mut WasmtimeStore,
    function: Func,
    values: &mut [ValRaw],
    params: usize,
    results: usize,
) -> Result<()> {
    let ty = function.ty(&*store);
    check_signature(&ty, values, params, results)?;
    if values.len() <= FEW {
        call_with_few(store, function, values).await
    } else {
        call_with_many(store, function, &ty, values).await
    }
}

/// What is passed is not typed, so a function of another shape than its caller believes would read or write beyond the
/// slots, and an integer taken for a reference would be one to anywhere.
fn check_signature(ty: &FuncType, values: &[ValRaw], params: usize, results: usize) -> Result<()> {
    if ty.params().len() != params || ty.results().len() != results {
        bail!("the function has another number of parameters or results");
    }
    for (ty, value) in ty.params().zip(values) {
        if ty.is_ref() && value.get_v128() != 0 {
            bail!("a reference that is not null");
        }
    }
    Ok(())
}

/// Any function of few values, called as one of vectors: arguments and results are slots of 16 bytes in the engine's
/// array calling convention, each holding the value's bits at its start, so that the types make no difference to how
/// they are passed. References are only ever null on the way in, and only looked at on the way out.
type Few = (V128, V128, V128, V128);

const FEW: usize = size_of::<Few>() / size_of::<V128>();

async fn call_with_few(
    store: &mut WasmtimeStore,
    function: Func,
    values: &mut [ValRaw],
) -> Result<()> {
    let slot = |index: usize| V128::from(values.get(index).map_or(0, |value| value.get_v128()));
    let arguments: Few = (slot(0), slot(1), slot(2), slot(3));
    let function = unsafe { TypedFunc::<Few, Few>::new_unchecked(&*store, function) };
    let (a, b, c, d) = function.call_async(store, arguments).await?;
    for (value, result) in values.iter_mut().zip([a, b, c, d]) {
        *value = ValRaw::v128(result.as_u128());
    }
    Ok(())
}

async fn call_with_many(
    store: &mut WasmtimeStore,
    function: Func,
    ty: &FuncType,
    values: &mut [ValRaw],
) -> Result<()> {
    let arguments: Vec<Val> = ty
        .params()
        .zip(&*values)
        .map(|(ty, raw)| unsafe { Val::from_raw(&mut *store, *raw, ty) })
        .collect();
    let mut returned = vec![Val::I32(0); ty.results().len()];
    function
        .call_async(&mut *store, &arguments, &mut returned)
        .await?;
    for (value, result) in values.iter_mut().zip(returned) {
        *value = result.to_raw(&mut *store)?;
    }
    Ok(())
}

/// What a guest did is a trap, with its frames; everything else an error. Of that only the cause is kept: the whole text
/// has a backtrace, and with it names that the guest chose.
fn report(error: Error, outcome: &mut engine_sys_outcome_t) {
    outcome.thrown = error.is::<ThrownException>();
    outcome.no_room = error.is::<PoolConcurrencyLimitError>();
    if outcome.thrown || error.is::<Trap>() {
        outcome.trap = Box::into_raw(Box::new(error)).cast();
    } else {
        outcome.error = error_handle(Error::msg(error.root_cause().to_string()));
    }
}
