//! Whether bytes are a module or a component, and what it says, as a report: bytes of one allocation, which may cross a process
//! boundary (`src/engine/inspect/report.h` has their format).

use std::slice;

use wasmtime::wasmparser::{self, Chunk, Encoding, Parser, Payload, Validator};
use wasmtime_c_api::wasm_byte_vec_t;

use crate::compile_cost::CompileCost;
use crate::inspect_component::{ComponentPass, MAX_DEPTH};
use crate::panics::caught;
use crate::pass::{FEATURES, Pass};
use crate::report::{Refusal, Report};

/// The most that a module may have: beyond them it costs far more to compile, or to keep, than to write.
#[repr(C)]
pub struct engine_sys_module_limits_t {
    pub functions: u32,
    pub types: u32,
    pub element_segments: u32,
    pub memories: u32,
    pub tables: u32,
    /// Parameters and results of all exported functions together: one long type can be exported many times.
    pub exported_values: u32,
}

/// Writes the report about the module to `report`, also when the module is not valid.
///
/// # Safety
/// `wasm` points to `size` bytes, `limits` to its struct; `report` is an empty vector, whose owner the caller remains.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_sys_inspect(
    wasm: *const u8,
    size: usize,
    limits: *const engine_sys_module_limits_t,
    report: *mut wasm_byte_vec_t,
) {
    let wasm = unsafe { bytes_of(wasm, size) };
    // The validator is not ours, and what it reads is anybody's.
    let bytes = match caught(|| inspect(wasm, unsafe { &*limits })) {
        Ok(Ok(report)) => report.into_bytes(),
        Ok(Err(refusal)) => refusal.into_bytes(),
        Err(panic) => Refusal::from(panic.to_string()).into_bytes(),
    };
    unsafe { (*report).set_buffer(bytes) };
}

/// How many of the bytes validation looks into: all but those of data and custom sections, which are only passed over.
/// Of what is not of the binary format, all.
///
/// # Safety
/// `wasm` points to `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn engine_sys_bytes_to_validate(wasm: *const u8, size: usize) -> usize {
    let wasm = unsafe { bytes_of(wasm, size) };
    size - passed_over(wasm).unwrap_or(0)
}

/// # Safety
/// `bytes` points to `size` bytes, or to nothing if there are none.
unsafe fn bytes_of<'a>(bytes: *const u8, size: usize) -> &'a [u8] {
    match size {
        0 => &[],
        _ => unsafe { slice::from_raw_parts(bytes, size) },
    }
}

fn passed_over(wasm: &[u8]) -> wasmparser::Result<usize> {
    let mut parser = Parser::new(0);
    let mut outer = Vec::new(); // the parsers of the components around
    let mut rest = wasm;
    let mut passed_over = 0;
    loop {
        let Chunk::Parsed { consumed, payload } = parser.parse(rest, true)? else {
            return Ok(0);
        };
        rest = &rest[consumed..];
        match payload {
            Payload::CodeSectionStart { size, .. } => {
                let Some(after) = rest.get(size as usize..) else {
                    return Ok(0);
                };
                rest = after;
                parser.skip_section();
            }
            Payload::CustomSection(section) => passed_over += section.range().len(),
            Payload::DataSection(section) => passed_over += section.range().len(),
            Payload::ModuleSection { parser: inner, .. }
            | Payload::ComponentSection { parser: inner, .. } => {
                if outer.len() > MAX_DEPTH {
                    return Ok(0);
                }
                outer.push(std::mem::replace(&mut parser, inner));
            }
            Payload::End(_) => match outer.pop() {
                Some(around) => parser = around,
                None => return Ok(passed_over),
            },
            _ => {}
        }
    }
}

fn inspect(wasm: &[u8], limits: &engine_sys_module_limits_t) -> Result<Report, Refusal> {
    match encoding_of(wasm)? {
        Encoding::Module => inspect_module(wasm, limits),
        Encoding::Component => ComponentPass::inspect(wasm, limits),
    }
}

fn inspect_module(wasm: &[u8], limits: &engine_sys_module_limits_t) -> Result<Report, Refusal> {
    let mut validator = Validator::new_with_features(FEATURES);
    let mut pass = Pass::new(limits, CompileCost::default());
    for payload in Parser::new(0).parse_all(wasm) {
        if let Some(types) = pass.payload(&mut validator, &payload?)? {
            return pass.report(&types);
        }
    }
    Err("unexpected end".into())
}

/// In words for who sent something else; the rest is the parser's to say.
fn encoding_of(wasm: &[u8]) -> Result<Encoding, Refusal> {
    if !wasm.starts_with(b"\0asm") {
        return Err("not a WebAssembly module: wrong magic number".into());
    }
    match wasm.get(4..8) {
        Some([1, 0, 0, 0]) => Ok(Encoding::Module),
        Some([13, 0, 1, 0]) => Ok(Encoding::Component),
        Some([_, _, 1, 0]) => Err("a component of a version that is no longer in use".into()),
        _ => Err("unknown version of the binary format".into()),
    }
}
