//! Types in WIT's words.

use std::collections::HashMap;

use wasmtime::wasmparser::PrimitiveValType;
use wasmtime::wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentEntityType, ComponentItem, ComponentValType,
    ResourceId,
};
use wasmtime::wasmparser::types::{TypeIdentifier, TypesRef};

use crate::report::{Refusal, WitType};

/// Of a type; they are `src/model/value_type.h`'s, whose parser refuses what is beyond them.
const MAX_TYPE_DEPTH: usize = 64;
const MAX_TYPE_TEXT: usize = 64 << 10;
const MAX_FLAGS: usize = 32;

/// Of the types of all exported functions together. A type that is used twice is written twice, and may be of parts
/// that are used twice: a few hundred bytes can stand for more text than there is memory.
const MAX_TEXT: usize = 4 << 20;

pub struct TypeWriter<'a> {
    pub types: TypesRef<'a>,
    resources: HashMap<ResourceId, &'a str>,
    values_left: u32,
    text_left: usize,
}

impl<'a> TypeWriter<'a> {
    /// `max_values`: parts of all types that are written.
    pub fn new(types: TypesRef<'a>, max_values: u32) -> Self {
        TypeWriter {
            types,
            resources: HashMap::new(),
            values_left: max_values,
            text_left: MAX_TEXT,
        }
    }

    /// Of a validated component there is one for each.
    pub fn data<T: TypeIdentifier>(&self, id: T) -> Result<&'a T::Data, Refusal> {
        self.types.get(id).ok_or_else(|| "a type is missing".into())
    }

    /// Whether it is one that had no name yet.
    pub fn name_resource(&mut self, name: &'a str, item: &ComponentItem) -> bool {
        let ComponentEntityType::Type {
            created: ComponentAnyTypeId::Resource(resource),
            ..
        } = item.ty
        else {
            return false;
        };
        let before = self.resources.len();
        self.resources.entry(resource.resource()).or_insert(name);
        self.resources.len() > before
    }

    pub fn wit_type(&mut self, ty: ComponentValType) -> Result<WitType, Refusal> {
        let kind = self.kind(ty)?;
        let mut text = String::new();
        if kind >= FIRST_OF_PARTS {
            self.append(&mut text, ty, 0)?;
            self.take(0, text.len())?;
        }
        Ok(WitType { kind, text })
    }

    /// The value of the C++ `ValueType` (`src/model/value_type.h`).
    fn kind(&self, ty: ComponentValType) -> Result<u8, Refusal> {
        let id = match ty {
            ComponentValType::Primitive(ty) => return Ok(kind_of_primitive(ty)),
            ComponentValType::Type(id) => id,
        };
        Ok(match self.data(id)? {
            ComponentDefinedType::Primitive(ty) => kind_of_primitive(*ty),
            ComponentDefinedType::List { .. } => FIRST_OF_PARTS,
            ComponentDefinedType::Tuple(_) => 20,
            ComponentDefinedType::Record(_) => 21,
            ComponentDefinedType::Variant(_) => 22,
            ComponentDefinedType::Enum(_) => 23,
            ComponentDefinedType::Flags(_) => 24,
            ComponentDefinedType::Option { .. } => 25,
            ComponentDefinedType::Result { .. } => 26,
            ComponentDefinedType::Own(_) => 27,
            ComponentDefinedType::Borrow(_) => 28,
            ComponentDefinedType::Stream { .. } => 29,
            ComponentDefinedType::Future { .. } => 30,
            // Which append() refuses.
            ComponentDefinedType::Map { .. } | ComponentDefinedType::FixedLengthList { .. } => {
                FIRST_OF_PARTS
            }
        })
    }

    fn append(
        &mut self,
        out: &mut String,
        ty: ComponentValType,
        depth: usize,
    ) -> Result<(), Refusal> {
        self.take(1, 0)?;
        if depth >= MAX_TYPE_DEPTH {
            return Err(format!(
                "a type of an exported function is more than {MAX_TYPE_DEPTH} levels deep"
            )
            .into());
        }
        if out.len() > MAX_TYPE_TEXT {
            return Err(too_long());
        }
        let id = match ty {
            ComponentValType::Primitive(ty) => {
                out.push_str(&ty.to_string());
                return Ok(());
            }
            ComponentValType::Type(id) => id,
        };
        match self.data(id)? {
            ComponentDefinedType::Primitive(ty) => out.push_str(&ty.to_string()),
            ComponentDefinedType::List { element, .. } => {
                self.append_of(out, "list", &[*element], depth)?;
            }
            ComponentDefinedType::Option { ty, .. } => {
                self.append_of(out, "option", &[*ty], depth)?;
            }
            ComponentDefinedType::Tuple(tuple) => {
                self.append_of(out, "tuple", &tuple.types, depth)?;
            }
            ComponentDefinedType::Stream { ty, .. } => {
                self.append_of(out, "stream", ty.as_slice(), depth)?;
            }
            ComponentDefinedType::Future { ty, .. } => {
                self.append_of(out, "future", ty.as_slice(), depth)?;
            }
            ComponentDefinedType::Result { ok, err, .. } => {
                self.append_result(out, *ok, *err, depth)?;
            }
            ComponentDefinedType::Record(record) => {
                let fields = record.fields.iter();
                let fields = fields.map(|(name, ty)| (name.as_str(), Some(*ty)));
                self.append_named(out, "record", fields, (": ", ""), depth)?;
            }
            ComponentDefinedType::Variant(variant) => {
                let cases = variant.cases.iter();
                let cases = cases.map(|(name, case)| (name.as_str(), case.ty));
                self.append_named(out, "variant", cases, ("(", ")"), depth)?;
            }
            ComponentDefinedType::Enum(names) => {
                let names = names.iter().map(|name| (name.as_str(), None));
                self.append_named(out, "enum", names, ("", ""), depth)?;
            }
            ComponentDefinedType::Flags(names) => {
                if names.len() > MAX_FLAGS {
                    return Err(format!(
                        "a type of an exported function has more than {MAX_FLAGS} flags"
                    )
                    .into());
                }
                let names = names.iter().map(|name| (name.as_str(), None));
                self.append_named(out, "flags", names, ("", ""), depth)?;
            }
            ComponentDefinedType::Own(id) => self.append_handle(out, "own", id.resource()),
            ComponentDefinedType::Borrow(id) => self.append_handle(out, "borrow", id.resource()),
            ComponentDefinedType::Map { .. } | ComponentDefinedType::FixedLengthList { .. } => {
                return Err("maps and lists of fixed length are not supported".into());
            }
        }
        if out.len() > MAX_TYPE_TEXT {
            return Err(too_long());
        }
        Ok(())
    }

    /// "list<u8>", or "stream" alone.
    fn append_of(
        &mut self,
        out: &mut String,
        word: &str,
        parts: &[ComponentValType],
        depth: usize,
    ) -> Result<(), Refusal> {
        out.push_str(word);
        for (place, ty) in parts.iter().enumerate() {
            out.push_str(if place == 0 { "<" } else { ", " });
            self.append(out, *ty, depth + 1)?;
        }
        if !parts.is_empty() {
            out.push('>');
        }
        Ok(())
    }

    /// result, result<T>, result<_, E>, result<T, E>
    fn append_result(
        &mut self,
        out: &mut String,
        ok: Option<ComponentValType>,
        err: Option<ComponentValType>,
        depth: usize,
    ) -> Result<(), Refusal> {
        out.push_str("result");
        if ok.is_none() && err.is_none() {
            return Ok(());
        }
        out.push('<');
        match ok {
            Some(ty) => self.append(out, ty, depth + 1)?,
            None => out.push('_'),
        }
        if let Some(ty) = err {
            out.push_str(", ");
            self.append(out, ty, depth + 1)?;
        }
        out.push('>');
        Ok(())
    }

    /// "record { a: u8 }", "variant { a, b(u8) }": `around` stands around types.
    fn append_named<'n>(
        &mut self,
        out: &mut String,
        word: &str,
        parts: impl Iterator<Item = (&'n str, Option<ComponentValType>)>,
        around: (&str, &str),
        depth: usize,
    ) -> Result<(), Refusal> {
        out.push_str(word);
        for (place, (name, ty)) in parts.enumerate() {
            self.take(1, 0)?;
            out.push_str(if place == 0 { " { " } else { ", " });
            out.push_str(name);
            if out.len() > MAX_TYPE_TEXT {
                return Err(too_long());
            }
            if let Some(ty) = ty {
                out.push_str(around.0);
                self.append(out, ty, depth + 1)?;
                out.push_str(around.1);
            }
        }
        out.push_str(" }");
        Ok(())
    }

    /// By the name under which the component imports or exports the resource.
    fn append_handle(&mut self, out: &mut String, word: &str, resource: ResourceId) {
        let name = self.resources.get(&resource).copied().unwrap_or("resource");
        out.push_str(word);
        out.push('<');
        out.push_str(name);
        out.push('>');
    }

    /// For what is written beside types, too.
    pub fn take(&mut self, values: u32, text: usize) -> Result<(), Refusal> {
        let left = self
            .values_left
            .checked_sub(values)
            .zip(self.text_left.checked_sub(text));
        let Some((values_left, text_left)) = left else {
            return Err(
                "exported functions have too many parameters, results and parts of them in all"
                    .into(),
            );
        };
        self.values_left = values_left;
        self.text_left = text_left;
        Ok(())
    }
}

fn too_long() -> Refusal {
    format!("a type of an exported function takes more than {MAX_TYPE_TEXT} bytes as text").into()
}

/// The types from here on are written as text.
const FIRST_OF_PARTS: u8 = 19;

fn kind_of_primitive(ty: PrimitiveValType) -> u8 {
    match ty {
        PrimitiveValType::F32 => 2,
        PrimitiveValType::F64 => 3,
        PrimitiveValType::Bool => 8,
        PrimitiveValType::S8 => 9,
        PrimitiveValType::U8 => 10,
        PrimitiveValType::S16 => 11,
        PrimitiveValType::U16 => 12,
        PrimitiveValType::S32 => 13,
        PrimitiveValType::U32 => 14,
        PrimitiveValType::S64 => 15,
        PrimitiveValType::U64 => 16,
        PrimitiveValType::Char => 17,
        PrimitiveValType::String => 18,
        PrimitiveValType::ErrorContext => 31,
    }
}
