//! Results from where the canonical ABI has them to bytes (`value_bytes.rs`). Every step costs hostcall fuel: nothing
//! interrupts it, and lists may share memory, so that a small guest can describe a result without end.

use std::slice::Iter;

use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext};
use wasmtime::component::{ComponentNamedList, ComponentType, Lift};
use wasmtime::{Result, ValRaw, bail};

use super::cases::{info_of, payload_of};
use super::value_bytes::put_size;

/// What an element costs at least, in bytes of fuel: about what a byte costs that is copied, in time.
const FUEL: usize = 16;

/// All results of a call, whatever their types are.
pub struct Results(pub Vec<u8>);

unsafe impl ComponentType for Results {
    type Lower = [ValRaw; 1];
    // Only asked for what lies in memory, where `linear_lift_from_flat` looks itself.
    const ABI: CanonicalAbiInfo = CanonicalAbiInfo::SCALAR4;

    /// The types are the function's own, and are followed wherever a value is written.
    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
        Ok(())
    }
}

unsafe impl ComponentNamedList for Results {}

unsafe impl Lift for Results {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &[ValRaw; 1],
    ) -> Result<Self> {
        let abi = cx.types.canonical_abi(&ty);
        let mut out = Vec::new();
        if abi.flat_count(src.len()).is_some() {
            flat(cx, ty, &mut src.iter(), &mut out)?;
        } else {
            let at = src[0].get_u32() as usize;
            let bytes = slice(cx, at, abi.size32 as usize, abi.align32)?;
            load(cx, ty, bytes, &mut out)?;
        }
        Ok(Results(out))
    }

    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        let mut out = Vec::new();
        load(cx, ty, bytes, &mut out)?;
        Ok(Results(out))
    }
}

fn next<'a>(src: &mut Iter<'a, ValRaw>) -> Result<&'a ValRaw> {
    match src.next() {
        Some(value) => Ok(value),
        None => bail!("fewer values than the type has"),
    }
}

fn slice<'a>(cx: &LiftContext<'a>, at: usize, size: usize, align: u32) -> Result<&'a [u8]> {
    if at % align as usize != 0 {
        bail!("a pointer that is not aligned");
    }
    match cx.memory().get(at..).and_then(|rest| rest.get(..size)) {
        Some(bytes) => Ok(bytes),
        None => bail!("a pointer out of bounds of memory"),
    }
}

/// From the core function's results.
fn flat(
    cx: &mut LiftContext<'_>,
    ty: InterfaceType,
    src: &mut Iter<'_, ValRaw>,
    out: &mut Vec<u8>,
) -> Result<()> {
    cx.consume_fuel(FUEL)?;
    match ty {
        InterfaceType::Bool => out.push(u8::from(bool::linear_lift_from_flat(cx, ty, next(src)?)?)),
        InterfaceType::S8 | InterfaceType::U8 => out.push(next(src)?.get_u32() as u8),
        InterfaceType::S16 | InterfaceType::U16 => {
            out.extend_from_slice(&(next(src)?.get_u32() as u16).to_le_bytes());
        }
        InterfaceType::S32 | InterfaceType::U32 => {
            out.extend_from_slice(&next(src)?.get_u32().to_le_bytes());
        }
        InterfaceType::S64 | InterfaceType::U64 => {
            out.extend_from_slice(&next(src)?.get_u64().to_le_bytes());
        }
        InterfaceType::Float32 => out.extend_from_slice(&next(src)?.get_f32().to_le_bytes()),
        InterfaceType::Float64 => out.extend_from_slice(&next(src)?.get_f64().to_le_bytes()),
        InterfaceType::Char => {
            let value = char::linear_lift_from_flat(cx, ty, next(src)?)?;
            out.extend_from_slice(&u32::from(value).to_le_bytes());
        }
        InterfaceType::String => {
            let text = String::linear_lift_from_flat(cx, ty, &[*next(src)?, *next(src)?])?;
            put_text(&text, out)?;
        }
        InterfaceType::List(list) => {
            let element = cx.types[list].element;
            let at = next(src)?.get_u32() as usize;
            let count = next(src)?.get_u32() as usize;
            load_list(cx, element, at, count, out)?;
        }
        InterfaceType::Record(record) => {
            let types = cx.types.clone();
            for field in types[record].fields.iter() {
                flat(cx, field.ty, src, out)?;
            }
        }
        InterfaceType::Tuple(tuple) => {
            let types = cx.types.clone();
            for ty in types[tuple].types.iter() {
                flat(cx, *ty, src, out)?;
            }
        }
        InterfaceType::Flags(flags) => {
            let count = cx.types[flags].names.len();
            let bits = match count {
                0 => 0,
                _ => next(src)?.get_u32(),
            };
            put_flags(count, bits, out);
        }
        InterfaceType::Enum(_)
        | InterfaceType::Variant(_)
        | InterfaceType::Option(_)
        | InterfaceType::Result(_) => flat_case(cx, ty, src, out)?,
        _ => not_a_value()?,
    }
    Ok(())
}

fn flat_case(
    cx: &mut LiftContext<'_>,
    ty: InterfaceType,
    src: &mut Iter<'_, ValRaw>,
    out: &mut Vec<u8>,
) -> Result<()> {
    let case = next(src)?.get_u32();
    let payload = payload_of(cx.types, ty, case)?;
    put_size(out, case as usize)?;
    let left = src.len();
    if let Some(payload) = payload {
        flat(cx, payload, src, out)?;
    }
    let used = left - src.len();
    let count = cx
        .types
        .canonical_abi(&ty)
        .flat_count(usize::MAX)
        .unwrap_or(0);
    for _ in 1 + used..count {
        next(src)?;
    }
    Ok(())
}

/// `bytes` are as many as the type has.
fn load(
    cx: &mut LiftContext<'_>,
    ty: InterfaceType,
    bytes: &[u8],
    out: &mut Vec<u8>,
) -> Result<()> {
    cx.consume_fuel(FUEL)?;
    match ty {
        InterfaceType::Bool => {
            out.push(u8::from(bool::linear_lift_from_memory(cx, ty, bytes)?));
        }
        InterfaceType::S8
        | InterfaceType::U8
        | InterfaceType::S16
        | InterfaceType::U16
        | InterfaceType::S32
        | InterfaceType::U32
        | InterfaceType::S64
        | InterfaceType::U64
        | InterfaceType::Float32
        | InterfaceType::Float64 => out.extend_from_slice(bytes),
        InterfaceType::Char => {
            let value = char::linear_lift_from_memory(cx, ty, bytes)?;
            out.extend_from_slice(&u32::from(value).to_le_bytes());
        }
        InterfaceType::String => {
            let text = String::linear_lift_from_memory(cx, ty, bytes)?;
            put_text(&text, out)?;
        }
        InterfaceType::List(list) => {
            let element = cx.types[list].element;
            load_list(
                cx,
                element,
                word(bytes, 0) as usize,
                word(bytes, 4) as usize,
                out,
            )?;
        }
        InterfaceType::Record(record) => {
            let types = cx.types.clone();
            let mut end = 0;
            for field in types[record].fields.iter() {
                let abi = types.canonical_abi(&field.ty);
                let at = abi.next_field32(&mut end) as usize;
                load(cx, field.ty, &bytes[at..][..abi.size32 as usize], out)?;
            }
        }
        InterfaceType::Tuple(tuple) => {
            let types = cx.types.clone();
            let mut end = 0;
            for ty in types[tuple].types.iter() {
                let abi = types.canonical_abi(ty);
                let at = abi.next_field32(&mut end) as usize;
                load(cx, *ty, &bytes[at..][..abi.size32 as usize], out)?;
            }
        }
        InterfaceType::Flags(flags) => {
            let count = cx.types[flags].names.len();
            let bits = match count {
                0 => 0,
                1..=8 => u32::from(bytes[0]),
                9..=16 => u32::from(u16::from_le_bytes([bytes[0], bytes[1]])),
                _ => word(bytes, 0),
            };
            put_flags(count, bits, out);
        }
        InterfaceType::Enum(_)
        | InterfaceType::Variant(_)
        | InterfaceType::Option(_)
        | InterfaceType::Result(_) => load_case(cx, ty, bytes, out)?,
        _ => not_a_value()?,
    }
    Ok(())
}

fn load_case(
    cx: &mut LiftContext<'_>,
    ty: InterfaceType,
    bytes: &[u8],
    out: &mut Vec<u8>,
) -> Result<()> {
    let types = cx.types.clone();
    let info = info_of(&types, ty)?;
    let case = match info.size.byte_size() {
        1 => u32::from(bytes[0]),
        2 => u32::from(u16::from_le_bytes([bytes[0], bytes[1]])),
        _ => word(bytes, 0),
    };
    let payload = payload_of(cx.types, ty, case)?;
    put_size(out, case as usize)?;
    if let Some(payload) = payload {
        let size = types.canonical_abi(&payload).size32 as usize;
        load(
            cx,
            payload,
            &bytes[info.payload_offset32 as usize..][..size],
            out,
        )?;
    }
    Ok(())
}

fn load_list(
    cx: &mut LiftContext<'_>,
    element: InterfaceType,
    at: usize,
    count: usize,
    out: &mut Vec<u8>,
) -> Result<()> {
    let abi = cx.types.canonical_abi(&element).clone();
    let size = abi.size32 as usize;
    let Some(all) = count.checked_mul(size) else {
        bail!("a list that is too long");
    };
    let bytes = slice(cx, at, all, abi.align32)?;
    put_size(out, count)?;
    if element == InterfaceType::U8 {
        cx.consume_fuel(bytes.len())?;
        out.extend_from_slice(bytes);
        return Ok(());
    }
    // Elements without bytes cost as well.
    for index in 0..count {
        load(cx, element, &bytes[index * size..][..size], out)?;
    }
    Ok(())
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn put_text(text: &str, out: &mut Vec<u8>) -> Result<()> {
    put_size(out, text.len())?;
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

/// Bits that are no flag's are left out, as the canonical ABI says.
fn put_flags(count: usize, bits: u32, out: &mut Vec<u8>) {
    let known = u32::MAX.checked_shr(32 - count.min(32) as u32).unwrap_or(0);
    out.extend_from_slice(&(bits & known).to_le_bytes());
}

fn not_a_value() -> Result<()> {
    bail!("a handle, a stream, a future or an error context cannot be returned")
}
