//! Egress, as the C++ side has it (`src/engine/engine_component.h`).

use std::net::IpAddr;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::Uri;
use wasmtime::format_err;
use wasmtime_c_api::wasmtime_error_t;

use super::address::may_connect;
use super::pattern::Pattern;
use super::target::Target;
use super::tls::Tls;
use super::{Egress, Settings};
use crate::component::call::engine_text_t;
use crate::handles::hand_out;

#[repr(C)]
pub struct engine_egress_settings_t {
    pub is_on: bool,
    pub private_allowed: bool,
    pub allow: *const engine_text_t,
    pub allow_count: usize,
    pub ca_file: engine_text_t,
    pub connections: u64,
    pub requests: u64,
    pub bytes: u64,
}

#[repr(C)]
pub struct engine_egress_figures_t {
    pub answered: u64,
    pub denied: u64,
    pub failed: u64,
    pub reused: u64,
    pub bytes: u64,
    pub open_connections: u64,
    pub idle_connections: u64,
}

/// Calls that use it keep what they need of it.
pub struct EgressHandle(pub Arc<Egress>);

impl engine_egress_settings_t {
    unsafe fn read(&self) -> wasmtime::Result<EgressHandle> {
        let allow = match self.allow_count {
            0 => &[],
            count => unsafe { slice::from_raw_parts(self.allow, count) },
        };
        let patterns = allow.iter().map(|text| {
            let text = unsafe { text.get() };
            Pattern::parse(text).ok_or_else(|| format_err!("{text} is no pattern of hosts"))
        });
        let settings = Settings {
            is_on: self.is_on,
            private_allowed: self.private_allowed,
            allow: patterns.collect::<wasmtime::Result<_>>()?,
            connections: usize::try_from(self.connections).unwrap_or(usize::MAX),
            requests: self.requests,
            bytes: self.bytes,
        };
        let tls = Tls::new(unsafe { self.ca_file.get() })?;
        Ok(EgressHandle(Egress::new(settings, tls)))
    }
}

/// # Safety
/// What `settings` points to is there; `egress` is valid for a write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_egress_new(
    settings: *const engine_egress_settings_t,
    egress: *mut *mut EgressHandle,
) -> *mut wasmtime_error_t {
    let made = unsafe { (*settings).read() };
    unsafe { hand_out(made, egress) }
}

/// # Safety
/// `egress` is a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_egress_delete(egress: *mut EgressHandle) {
    drop(unsafe { Box::from_raw(egress) });
}

/// # Safety
/// `egress` is a live handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_egress_read_figures(
    egress: *const EgressHandle,
) -> engine_egress_figures_t {
    let egress = unsafe { &(*egress).0 };
    let figures = &egress.figures;
    engine_egress_figures_t {
        answered: figures.answered.load(Ordering::Relaxed),
        denied: figures.denied.load(Ordering::Relaxed),
        failed: figures.failed.load(Ordering::Relaxed),
        reused: figures.reused.load(Ordering::Relaxed),
        bytes: figures.bytes.load(Ordering::Relaxed),
        open_connections: egress.open_connections() as u64,
        idle_connections: egress.pool.idle() as u64,
    }
}

/// # Safety
/// The text is there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_egress_is_pattern(text: engine_text_t) -> bool {
    Pattern::parse(unsafe { text.get() }).is_some()
}

/// Whether the pattern allows that URL.
///
/// # Safety
/// The texts are there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_egress_pattern_allows(
    pattern: engine_text_t,
    url: engine_text_t,
) -> bool {
    let pattern = Pattern::parse(unsafe { pattern.get() });
    let url: Option<Uri> = unsafe { url.get() }.parse().ok();
    match (pattern, url.as_ref().and_then(Target::of)) {
        (Some(pattern), Some(target)) => pattern.allows(&target),
        _ => false,
    }
}

/// Whether a guest may be connected to that address; what is no address never.
///
/// # Safety
/// The text is there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_egress_may_connect(
    address: engine_text_t,
    private_allowed: bool,
) -> bool {
    let address: Option<IpAddr> = unsafe { address.get() }.parse().ok();
    address.is_some_and(|address| may_connect(address, private_allowed))
}
