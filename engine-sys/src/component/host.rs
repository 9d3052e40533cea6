//! What a component's guest has of the world: the standard streams, clocks and random numbers of WASI 0.2, a request of
//! wasi:http, requests to the hosts that its module names (`egress/`), and nothing else. Files, sockets and names are
//! linked, because guests import them that never use them, and refuse.

use std::ffi::c_void;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Request;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use super::call::{engine_component_spec_t, engine_text_t};
use super::egress::call::CallEgress;
use super::streams::{ErrorOutput, Input, Output};
use crate::limits::engine_sys_limits_t;

/// What a guest may hold of streams, fields, timers and the like: each takes memory that nobody counts.
const MOST_RESOURCES: usize = 1_000;
/// The same, of handles in its own tables; each takes some 16 bytes.
pub const MOST_HANDLES: usize = 100_000;
/// Of one set of header fields that it makes.
const FIELDS_BYTES: usize = 32 << 10;
/// At once; a poll of the call takes no longer than a slice for so many.
const RANDOM_BYTES: u64 = 256 << 10;
/// The same, of one piece of a body.
const PIECE_BYTES: usize = 64 << 10;

/// A field of a header or trailer. Of the C++ side until the call that has it returns.
#[repr(C)]
pub struct engine_field_t {
    pub name: engine_text_t,
    pub value: engine_text_t,
}

/// What the C++ side does for a guest. All but `wake` are called while the call is polled, by the thread that does it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct engine_component_host_t {
    pub data: *mut c_void,
    /// The call wants to be polled. From any thread, until the call is deleted.
    pub wake: unsafe extern "C" fn(data: *mut c_void),
    /// Whether standard output has room; if not, the call is polled again when it has.
    pub output_ready: unsafe extern "C" fn(data: *mut c_void) -> bool,
    /// Takes output, of stream 1 or 2. False: the guest must be stopped.
    pub write:
        unsafe extern "C" fn(data: *mut c_void, stream: u32, bytes: *const u8, size: usize) -> bool,
    /// The next piece of the request's body, valid until the next call. Returns one of BODY_*.
    pub read_body:
        unsafe extern "C" fn(data: *mut c_void, piece: *mut *const u8, size: *mut usize) -> u32,
    pub begin_answer: unsafe extern "C" fn(
        data: *mut c_void,
        status: u32,
        fields: *const engine_field_t,
        count: usize,
    ),
    pub answer_ready: unsafe extern "C" fn(data: *mut c_void) -> bool,
    pub write_answer: unsafe extern "C" fn(data: *mut c_void, bytes: *const u8, size: usize),
    pub end_answer:
        unsafe extern "C" fn(data: *mut c_void, fields: *const engine_field_t, count: usize),
}

pub const BODY_PIECE: u32 = 0;
pub const BODY_WAIT: u32 = 1;
pub const BODY_END: u32 = 2;

/// The C++ side, as the streams of a call see it. It outlives the call.
#[derive(Clone)]
pub struct Outside {
    pub functions: engine_component_host_t,
    /// Set while the call waits for room or for a piece of the body: the C++ side says when there is.
    waits: Arc<AtomicBool>,
}

unsafe impl Send for Outside {}
unsafe impl Sync for Outside {}

impl Outside {
    pub fn new(functions: engine_component_host_t) -> Self {
        Outside {
            functions,
            waits: Arc::new(AtomicBool::new(false)),
        }
    }

    pub fn waits(&self) {
        self.waits.store(true, Ordering::Relaxed);
    }

    pub fn take_waits(&self) -> bool {
        self.waits.swap(false, Ordering::Relaxed)
    }
}

struct LimitsPointer(*mut engine_sys_limits_t);
unsafe impl Send for LimitsPointer {}
unsafe impl Sync for LimitsPointer {}

/// A store's data.
pub struct Host {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks, // goes before the bodies in `table`, so that they are known not to be finished
    table: ResourceTable,
    limits: LimitsPointer,
}

impl Host {
    /// # Safety
    /// What `spec` points to outlives the store.
    pub unsafe fn new(spec: &engine_component_spec_t, outside: &Outside) -> Self {
        let mut wasi = WasiCtx::builder();
        for argument in unsafe { spec.arguments_texts() } {
            wasi.arg(unsafe { argument.get() });
        }
        for pair in unsafe { spec.variables() } {
            wasi.env(unsafe { pair.name.get() }, unsafe { pair.value.get() });
        }
        wasi.stdin(Input::new(unsafe { spec.input() }))
            .stdout(Output(outside.clone()))
            .stderr(ErrorOutput(outside.clone()))
            .max_random_size(RANDOM_BYTES)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false);
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(FIELDS_BYTES);
        let mut table = ResourceTable::new();
        table.set_max_capacity(MOST_RESOURCES);
        Host {
            wasi: wasi.build(),
            http,
            hooks: Hooks {
                egress: unsafe { spec.egress() },
            },
            table,
            limits: LimitsPointer(spec.limits),
        }
    }

    pub fn limits(&mut self) -> &mut engine_sys_limits_t {
        unsafe { &mut *self.limits.0 }
    }

    pub fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Host {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.hooks,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

/// How this server's guests use HTTP.
struct Hooks {
    egress: CallEgress,
}

type Sent = Result<
    (
        http::Response<WasiBody>,
        Box<dyn Future<Output = Result<(), Error>> + Send>,
    ),
    Error,
>;

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _sent: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let sending = self.egress.send(request, options);
        Box::new(async move {
            // What the connection has still to do is not the guest's.
            let done: Box<dyn Future<Output = Result<(), Error>> + Send> = Box::new(ready(Ok(())));
            Ok((sending.await?, done))
        })
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        PIECE_BYTES
    }
}
