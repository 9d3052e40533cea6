//! Arguments from bytes to where the canonical ABI wants them, without values in between: a value of the engine's own
//! takes 32 bytes, be it one byte of a list.

use std::mem::MaybeUninit;
use std::slice::IterMut;

use wasmtime::component::__internal::{
    CanonicalAbiInfo, InstanceType, InterfaceType, LowerContext,
};
use wasmtime::component::{ComponentNamedList, ComponentType, Lower};
use wasmtime::{Result, ValRaw, bail};

use super::cases::{info_of, payload_of};
use super::value_bytes::ValueReader;

/// As many values as a function gets without a pointer to them.
const FLAT_PARAMS: usize = 16;

/// All arguments of a call, whatever their types are (`value_bytes.rs`).
pub struct Arguments<'a>(pub &'a [u8]);

unsafe impl ComponentType for Arguments<'_> {
    type Lower = [ValRaw; FLAT_PARAMS];
    // Only asked for what lies in memory, where arguments are put by `linear_lower_to_flat` itself.
    const ABI: CanonicalAbiInfo = CanonicalAbiInfo::POINTER_PAIR;

    /// The types are the function's own, and are followed wherever a value is read.
    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
        Ok(())
    }
}

unsafe impl ComponentNamedList for Arguments<'_> {}

unsafe impl Lower for Arguments<'_> {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut MaybeUninit<[ValRaw; FLAT_PARAMS]>,
    ) -> Result<()> {
        let dst: &mut [MaybeUninit<ValRaw>; FLAT_PARAMS] = unsafe { &mut *dst.as_mut_ptr().cast() };
        for slot in dst.iter_mut() {
            slot.write(ValRaw::i64(0));
        }
        let values = &mut ValueReader::new(self.0);
        let abi = cx.types.canonical_abi(&ty);
        if abi.flat_count(FLAT_PARAMS).is_some() {
            return flat(cx, ty, values, &mut dst.iter_mut());
        }
        let at = cx.realloc(0, 0, abi.align32, abi.size32 as usize)?;
        store(cx, ty, values, at)?;
        dst[0].write(ValRaw::i64(at as i64));
        Ok(())
    }

    fn linear_lower_to_memory<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        offset: usize,
    ) -> Result<()> {
        store(cx, ty, &mut ValueReader::new(self.0), offset)
    }
}

type Slots<'a> = IterMut<'a, MaybeUninit<ValRaw>>;

fn next<'a>(dst: &mut Slots<'a>) -> Result<&'a mut MaybeUninit<ValRaw>> {
    match dst.next() {
        Some(slot) => Ok(slot),
        None => bail!("more values than the type has"),
    }
}

/// To the core function's parameters.
fn flat<T>(
    cx: &mut LowerContext<'_, T>,
    ty: InterfaceType,
    values: &mut ValueReader<'_>,
    dst: &mut Slots<'_>,
) -> Result<()> {
    match ty {
        InterfaceType::Bool => (values.array()? != [0u8]).linear_lower_to_flat(cx, ty, next(dst)?),
        InterfaceType::S8 => {
            i8::from_le_bytes(values.array()?).linear_lower_to_flat(cx, ty, next(dst)?)
        }
        InterfaceType::U8 => {
            u8::from_le_bytes(values.array()?).linear_lower_to_flat(cx, ty, next(dst)?)
        }
        InterfaceType::S16 => {
            i16::from_le_bytes(values.array()?).linear_lower_to_flat(cx, ty, next(dst)?)
        }
        InterfaceType::U16 => {
            u16::from_le_bytes(values.array()?).linear_lower_to_flat(cx, ty, next(dst)?)
        }
        InterfaceType::S32 => {
            i32::from_le_bytes(values.array()?).linear_lower_to_flat(cx, ty, next(dst)?)
        }
        InterfaceType::U32 => values.u32()?.linear_lower_to_flat(cx, ty, next(dst)?),
        InterfaceType::S64 => {
            i64::from_le_bytes(values.array()?).linear_lower_to_flat(cx, ty, next(dst)?)
        }
        InterfaceType::U64 => {
            u64::from_le_bytes(values.array()?).linear_lower_to_flat(cx, ty, next(dst)?)
        }
        InterfaceType::Float32 => {
            f32::from_le_bytes(values.array()?).linear_lower_to_flat(cx, ty, next(dst)?)
        }
        InterfaceType::Float64 => {
            f64::from_le_bytes(values.array()?).linear_lower_to_flat(cx, ty, next(dst)?)
        }
        InterfaceType::Char => {
            char::try_from(values.u32()?)?.linear_lower_to_flat(cx, ty, next(dst)?)
        }
        InterfaceType::String => pair(values.text()?, cx, ty, dst),
        InterfaceType::List(list) => {
            let element = cx.types[list].element;
            let (at, count) = match element {
                InterfaceType::U8 => return pair(bytes(values)?, cx, ty, dst),
                _ => store_list(cx, element, values)?,
            };
            next(dst)?.write(ValRaw::i64(at as i64));
            next(dst)?.write(ValRaw::i64(count as i64));
            Ok(())
        }
        InterfaceType::Record(record) => {
            let types = cx.types;
            for field in types[record].fields.iter() {
                flat(cx, field.ty, values, dst)?;
            }
            Ok(())
        }
        InterfaceType::Tuple(tuple) => {
            let types = cx.types;
            for ty in types[tuple].types.iter() {
                flat(cx, *ty, values, dst)?;
            }
            Ok(())
        }
        InterfaceType::Flags(_) => {
            let bits = values.u32()?;
            // No flags, no value.
            if let Some(slot) = (cx.types.canonical_abi(&ty).flat_count(1) != Some(0))
                .then(|| next(dst))
                .transpose()?
            {
                slot.write(ValRaw::u32(bits));
            }
            Ok(())
        }
        InterfaceType::Enum(_)
        | InterfaceType::Variant(_)
        | InterfaceType::Option(_)
        | InterfaceType::Result(_) => flat_case(cx, ty, values, dst),
        _ => not_a_value(),
    }
}

/// What is a pointer and a length.
fn pair<T, V: Lower<Lower = [ValRaw; 2]> + ?Sized>(
    value: &V,
    cx: &mut LowerContext<'_, T>,
    ty: InterfaceType,
    dst: &mut Slots<'_>,
) -> Result<()> {
    let mut lowered = MaybeUninit::uninit();
    value.linear_lower_to_flat(cx, ty, &mut lowered)?;
    for value in unsafe { lowered.assume_init() } {
        next(dst)?.write(value);
    }
    Ok(())
}

fn flat_case<T>(
    cx: &mut LowerContext<'_, T>,
    ty: InterfaceType,
    values: &mut ValueReader<'_>,
    dst: &mut Slots<'_>,
) -> Result<()> {
    let case = values.u32()?;
    next(dst)?.write(ValRaw::u32(case));
    let left = dst.len();
    if let Some(payload) = payload_of(cx.types, ty, case)? {
        flat(cx, payload, values, dst)?;
    }
    // Slots of longer cases stay 0: they were all written before.
    let used = left - dst.len();
    let count = cx
        .types
        .canonical_abi(&ty)
        .flat_count(usize::MAX)
        .unwrap_or(0);
    for _ in 1 + used..count {
        next(dst)?;
    }
    Ok(())
}

fn bytes<'a>(values: &mut ValueReader<'a>) -> Result<&'a [u8]> {
    let size = values.size()?;
    values.bytes(size)
}

/// To memory; what is written lies within what the guest allocated, or this fails.
fn store<T>(
    cx: &mut LowerContext<'_, T>,
    ty: InterfaceType,
    values: &mut ValueReader<'_>,
    at: usize,
) -> Result<()> {
    match ty {
        InterfaceType::Bool => {
            *cx.get(at) = [u8::from(values.array()? != [0u8])];
        }
        InterfaceType::S8 | InterfaceType::U8 => *cx.get::<1>(at) = values.array()?,
        InterfaceType::S16 | InterfaceType::U16 => *cx.get::<2>(at) = values.array()?,
        InterfaceType::S32 | InterfaceType::U32 => *cx.get::<4>(at) = values.array()?,
        InterfaceType::S64 | InterfaceType::U64 => *cx.get::<8>(at) = values.array()?,
        // As floats and characters, because not all bits are one.
        InterfaceType::Float32 => {
            f32::from_le_bytes(values.array()?).linear_lower_to_memory(cx, ty, at)?;
        }
        InterfaceType::Float64 => {
            f64::from_le_bytes(values.array()?).linear_lower_to_memory(cx, ty, at)?;
        }
        InterfaceType::Char => {
            char::try_from(values.u32()?)?.linear_lower_to_memory(cx, ty, at)?;
        }
        InterfaceType::String => values.text()?.linear_lower_to_memory(cx, ty, at)?,
        InterfaceType::List(list) => {
            let element = cx.types[list].element;
            if element == InterfaceType::U8 {
                return bytes(values)?.linear_lower_to_memory(cx, ty, at);
            }
            let (list, count) = store_list(cx, element, values)?;
            *cx.get(at) = u32::try_from(list)?.to_le_bytes();
            *cx.get(at + 4) = u32::try_from(count)?.to_le_bytes();
        }
        InterfaceType::Record(record) => {
            let types = cx.types;
            let mut end = at;
            for field in types[record].fields.iter() {
                let at = types.canonical_abi(&field.ty).next_field32_size(&mut end);
                store(cx, field.ty, values, at)?;
            }
        }
        InterfaceType::Tuple(tuple) => {
            let types = cx.types;
            let mut end = at;
            for ty in types[tuple].types.iter() {
                let at = types.canonical_abi(ty).next_field32_size(&mut end);
                store(cx, *ty, values, at)?;
            }
        }
        InterfaceType::Flags(flags) => {
            let bits = values.array::<4>()?;
            let [first, second, ..] = bits;
            match cx.types[flags].names.len() {
                0 => {}
                1..=8 => *cx.get(at) = [first],
                9..=16 => *cx.get(at) = [first, second],
                _ => *cx.get(at) = bits,
            }
        }
        InterfaceType::Enum(_)
        | InterfaceType::Variant(_)
        | InterfaceType::Option(_)
        | InterfaceType::Result(_) => store_case(cx, ty, values, at)?,
        _ => not_a_value()?,
    }
    Ok(())
}

fn store_case<T>(
    cx: &mut LowerContext<'_, T>,
    ty: InterfaceType,
    values: &mut ValueReader<'_>,
    at: usize,
) -> Result<()> {
    let case = values.u32()?;
    let payload = payload_of(cx.types, ty, case)?;
    let info = info_of(cx.types, ty)?;
    let place = case.to_le_bytes();
    match info.size.byte_size() {
        1 => *cx.get(at) = [place[0]],
        2 => *cx.get(at) = [place[0], place[1]],
        _ => *cx.get(at) = place,
    }
    match payload {
        Some(payload) => store(cx, payload, values, at + info.payload_offset32 as usize),
        None => Ok(()),
    }
}

/// Where a list was put, and how many elements it has.
fn store_list<T>(
    cx: &mut LowerContext<'_, T>,
    element: InterfaceType,
    values: &mut ValueReader<'_>,
) -> Result<(usize, usize)> {
    let count = values.size()?;
    let abi = cx.types.canonical_abi(&element);
    let size = abi.size32 as usize;
    let Some(all) = count.checked_mul(size) else {
        bail!("a list that is too long");
    };
    let list = cx.realloc(0, 0, abi.align32, all)?;
    for index in 0..count {
        store(cx, element, values, list + index * size)?;
    }
    Ok((list, count))
}

fn not_a_value() -> Result<()> {
    bail!("a handle, a stream, a future or an error context cannot be passed")
}
