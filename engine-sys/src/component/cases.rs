//! Types that have one of several cases: variants, enums, options and results.

use wasmtime::component::__internal::wasmtime_environ::component::VariantInfo;
use wasmtime::component::__internal::{ComponentTypes, InterfaceType};
use wasmtime::{Result, bail};

/// The type of what the case in that place has, if it has something.
pub fn payload_of(
    types: &ComponentTypes,
    ty: InterfaceType,
    case: u32,
) -> Result<Option<InterfaceType>> {
    let place = case as usize;
    let payload = match ty {
        InterfaceType::Variant(i) => types[i].cases.get_index(place).map(|(_, ty)| *ty),
        InterfaceType::Enum(i) => (place < types[i].names.len()).then_some(None),
        InterfaceType::Option(i) => [None, Some(types[i].ty)].get(place).copied(),
        InterfaceType::Result(i) => [types[i].ok, types[i].err].get(place).copied(),
        _ => None,
    };
    match payload {
        Some(payload) => Ok(payload),
        None => bail!("a case out of range: {case}"),
    }
}

/// How its cases lie in memory.
pub fn info_of(types: &ComponentTypes, ty: InterfaceType) -> Result<&VariantInfo> {
    Ok(match ty {
        InterfaceType::Variant(i) => &types[i].info,
        InterfaceType::Enum(i) => &types[i].info,
        InterfaceType::Option(i) => &types[i].info,
        InterfaceType::Result(i) => &types[i].info,
        _ => bail!("not a type of cases"),
    })
}
