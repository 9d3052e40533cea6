//! A call of a handler of wasi:http 0.2, and its answer, which it may go on writing for as long as it runs.

use std::future::poll_fn;
use std::pin::pin;
use std::slice;
use std::task::{Context, Poll};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use tokio::sync::oneshot;
use wasmtime::component::Resource;
use wasmtime::{Result, Store};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::Proxy;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use wasmtime_wasi_http::p2::types::{HostIncomingRequest, HostResponseOutparam};

use super::body::{RequestBody, Sent, send_body};
use super::call::{engine_component_outcome_t, engine_text_t};
use super::host::{Host, Outside, engine_field_t};

/// The head of a request; all of it outlives the call.
#[repr(C)]
pub struct engine_request_t {
    pub method: engine_text_t,
    pub is_https: bool,
    pub authority: engine_text_t,
    pub path_with_query: engine_text_t,
    pub fields: *const engine_field_t,
    pub field_count: usize,
}

type Answer = std::result::Result<http::Response<HyperOutgoingBody>, ErrorCode>;

/// Calls the handler; the answer goes to the C++ side while it runs.
pub async fn handle(
    store: &mut Store<Host>,
    proxy: &Proxy,
    request: &engine_request_t,
    outside: &Outside,
    outcome: &mut engine_component_outcome_t,
) -> Result<()> {
    let (sender, receiver) = oneshot::channel();
    let (request, answer) = match hand_over(store, request, outside, sender) {
        Ok(handed_over) => handed_over,
        // It is the client's: a path, a host or a method with what no handler can be given.
        Err(error) => {
            outcome.is_bad_request = true;
            outcome.set_refusal(&error.root_cause().to_string());
            return Ok(());
        }
    };
    let handler = proxy.wasi_http_incoming_handler();
    let mut guest = pin!(handler.call_handle(&mut *store, request, answer));
    let mut answering = Answering::new(receiver, outside);
    let mut ended = None;
    let result = poll_fn(|cx| {
        if ended.is_none() {
            if let Poll::Ready(result) = guest.as_mut().poll(cx) {
                ended = Some(result);
            }
        }
        let waits_for_room = answering.go_on(cx);
        match ended.take_if(|result| result.is_err() || !waits_for_room) {
            // Nothing comes after the guest's end: what has no end now never gets one.
            Some(result) => Poll::Ready(result),
            None => Poll::Pending,
        }
    })
    .await;
    outcome.answered = answering.is_whole;
    outcome.has_head = answering.has_head;
    if let Some(code) = answering.refusal {
        outcome.set_refusal(&format!("{code:?}"));
    }
    result
}

fn hand_over(
    store: &mut Store<Host>,
    request: &engine_request_t,
    outside: &Outside,
    sender: oneshot::Sender<Answer>,
) -> Result<(
    Resource<HostIncomingRequest>,
    Resource<HostResponseOutparam>,
)> {
    let scheme = match request.is_https {
        true => Scheme::Https,
        false => Scheme::Http,
    };
    let request = unsafe { request.read(outside)? };
    let mut http = store.data_mut().http();
    Ok((
        http.new_incoming_request(scheme, request)?,
        http.new_response_outparam(sender)?,
    ))
}

impl engine_request_t {
    /// # Safety
    /// What it points to is there.
    unsafe fn read(&self, outside: &Outside) -> Result<Request<RequestBody>> {
        let (method, path, authority) = unsafe {
            (
                self.method.bytes(),
                self.path_with_query.bytes(),
                self.authority.bytes(),
            )
        };
        let mut request = Request::new(RequestBody(outside.clone()));
        *request.method_mut() = Method::from_bytes(method)?;
        *request.uri_mut() = path.try_into()?;
        let fields = request.headers_mut();
        // The guest gets it as the authority, not as a field.
        fields.insert(http::header::HOST, HeaderValue::from_bytes(authority)?);
        let given = match self.field_count {
            0 => &[],
            count => unsafe { slice::from_raw_parts(self.fields, count) },
        };
        for field in given {
            let (name, value) = unsafe { (field.name.bytes(), field.value.bytes()) };
            fields.try_append(
                HeaderName::from_bytes(name)?,
                HeaderValue::from_bytes(value)?,
            )?;
        }
        Ok(request)
    }
}

/// The answer on its way.
struct Answering<'a> {
    receiver: Option<oneshot::Receiver<Answer>>, // until there is an answer
    body: Option<HyperOutgoingBody>,             // while it is sent
    refusal: Option<ErrorCode>,                  // the guest says that it could not answer
    is_whole: bool,
    has_head: bool,
    outside: &'a Outside,
}

impl<'a> Answering<'a> {
    fn new(receiver: oneshot::Receiver<Answer>, outside: &'a Outside) -> Self {
        Answering {
            receiver: Some(receiver),
            body: None,
            refusal: None,
            is_whole: false,
            has_head: false,
            outside,
        }
    }

    /// Passes on what there is. True: there is more, for which there is no room.
    fn go_on(&mut self, cx: &mut Context<'_>) -> bool {
        // Only the guest, which is polled before this, can have sent it.
        if let Some(answer) = self.receiver.as_mut().and_then(|one| one.try_recv().ok()) {
            self.begin(answer);
        }
        let Some(body) = &mut self.body else {
            return false;
        };
        match send_body(self.outside, body, cx) {
            Sent::WaitsForGuest => return false,
            Sent::WaitsForRoom => return true,
            Sent::Whole => self.is_whole = true,
            Sent::Aborted => {}
        }
        self.body = None;
        false
    }

    fn begin(&mut self, answer: Answer) {
        self.receiver = None;
        match answer {
            Ok(answer) => {
                let (head, body) = answer.into_parts();
                let functions = &self.outside.functions;
                send_fields(&head.headers, |fields, count| unsafe {
                    let status = u32::from(head.status.as_u16());
                    (functions.begin_answer)(functions.data, status, fields, count);
                });
                self.has_head = true;
                self.body = Some(body);
            }
            Err(code) => self.refusal = Some(code),
        }
    }
}

/// Calls `send` with the fields as the C++ side takes them.
pub fn send_fields(fields: &HeaderMap, send: impl FnOnce(*const engine_field_t, usize)) {
    let list: Vec<engine_field_t> = fields
        .iter()
        .map(|(name, value)| engine_field_t {
            name: engine_text_t::of(name.as_str().as_bytes()),
            value: engine_text_t::of(value.as_bytes()),
        })
        .collect();
    send(list.as_ptr(), list.len());
}
