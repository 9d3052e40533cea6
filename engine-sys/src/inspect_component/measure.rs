//! How deep and how large types are, all that they refer to written out. The validator visits the whole of a type
//! wherever it is used, by recursion, and panics at a depth of 128; so what is new is measured before it sees it.

use std::collections::HashMap;

use wasmtime::wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentEntityType, ComponentItem, ComponentValType,
};
use wasmtime::wasmparser::types::TypesRef;
use wasmtime::wasmparser::{ComponentExternalKind, Validator};

use crate::report::Refusal;

/// Of types and of instances of instances. Each component around may add one, and the validator bears 127.
const MAX_DEPTH: u32 = 72;

/// Parts of types that are visited in all, about 10 ns each. What toolchains make of Go, Python and JavaScript, with all
/// of WASI, stays below 200,000.
const MAX_VISITS: u64 = 20_000_000;

#[derive(Clone, Copy)]
pub struct Measure {
    depth: u32,
    size: u64,
}

impl Measure {
    pub const LEAF: Measure = Measure { depth: 1, size: 1 };

    pub fn add(&mut self, part: Measure) {
        self.depth = self.depth.max(part.depth.saturating_add(1));
        self.size = self.size.saturating_add(part.size);
    }

    pub fn of(parts: impl IntoIterator<Item = Measure>) -> Measure {
        let mut whole = Measure::LEAF;
        for part in parts {
            whole.add(part);
        }
        whole
    }

    /// At least as deep and as large as both.
    pub fn join(&mut self, other: Measure) {
        self.depth = self.depth.max(other.depth);
        self.size = self.size.max(other.size);
    }

    pub fn check(self) -> Result<Measure, Refusal> {
        match self.depth <= MAX_DEPTH {
            true => Ok(self),
            false => Err("the component has types that are nested too deeply".into()),
        }
    }
}

/// The measures of what the validator knows already.
#[derive(Default)]
pub struct Measures {
    known: HashMap<ComponentAnyTypeId, Measure>,
    visits: u64,
}

impl Measures {
    /// For what makes the validator, or the engine, visit the whole of it.
    pub fn visit(&mut self, measure: Measure) -> Result<(), Refusal> {
        self.visits = self.visits.saturating_add(measure.size);
        match self.visits <= MAX_VISITS {
            true => Ok(()),
            false => {
                Err("the component has types that are too large for how often they are used".into())
            }
        }
    }

    /// None if the component so many levels up has no such type yet.
    pub fn of_type(&mut self, validator: &Validator, level: u32, index: u32) -> Option<Measure> {
        let types = validator.types(level as usize)?;
        let id =
            (index < types.component_type_count()).then(|| types.component_any_type_at(index))?;
        Some(self.of_any(types, id))
    }

    /// None if the component that is being read has no such thing yet.
    pub fn of_item(
        &mut self,
        validator: &Validator,
        kind: ComponentExternalKind,
        index: u32,
    ) -> Option<Measure> {
        let types = validator.types(0)?;
        let id = match kind {
            ComponentExternalKind::Func if index < types.component_function_count() => {
                ComponentAnyTypeId::Func(types.component_function_at(index))
            }
            ComponentExternalKind::Instance if index < types.component_instance_count() => {
                ComponentAnyTypeId::Instance(types.component_instance_at(index))
            }
            ComponentExternalKind::Component if index < types.component_count() => {
                ComponentAnyTypeId::Component(types.component_at(index))
            }
            ComponentExternalKind::Type if index < types.component_type_count() => {
                types.component_any_type_at(index)
            }
            ComponentExternalKind::Module => return Some(Measure::LEAF),
            _ => return None,
        };
        Some(self.of_any(types, id))
    }

    fn of_any(&mut self, types: TypesRef, id: ComponentAnyTypeId) -> Measure {
        if let Some(known) = self.known.get(&id) {
            return *known;
        }
        let measure = match id {
            ComponentAnyTypeId::Resource(_) => Measure::LEAF,
            ComponentAnyTypeId::Defined(id) => match types.get(id) {
                Some(ty) => self.of_defined(types, ty),
                None => Measure::LEAF,
            },
            ComponentAnyTypeId::Func(id) => {
                let params = types.get(id).into_iter().flat_map(|ty| &ty.params);
                let results = types.get(id).and_then(|ty| ty.result);
                let values = params.map(|(_, ty)| *ty).chain(results);
                self.of_values(types, values)
            }
            ComponentAnyTypeId::Instance(id) => {
                let exports = types.get(id).into_iter().flat_map(|ty| ty.exports.values());
                self.of_items(types, exports)
            }
            ComponentAnyTypeId::Component(id) => {
                let items = types.get(id).into_iter();
                let items = items.flat_map(|ty| ty.imports.values().chain(ty.exports.values()));
                self.of_items(types, items)
            }
        };
        self.known.insert(id, measure);
        measure
    }

    fn of_items<'a>(
        &mut self,
        types: TypesRef,
        items: impl Iterator<Item = &'a ComponentItem>,
    ) -> Measure {
        Measure::of(items.map(|item| match item.ty {
            ComponentEntityType::Module(_) => Measure::LEAF,
            ComponentEntityType::Func(id) => self.of_any(types, id.into()),
            ComponentEntityType::Value(ty) => self.of_value(types, ty),
            ComponentEntityType::Type { created, .. } => self.of_any(types, created),
            ComponentEntityType::Instance(id) => self.of_any(types, id.into()),
            ComponentEntityType::Component(id) => self.of_any(types, id.into()),
        }))
    }

    fn of_values(
        &mut self,
        types: TypesRef,
        values: impl Iterator<Item = ComponentValType>,
    ) -> Measure {
        Measure::of(values.map(|ty| self.of_value(types, ty)))
    }

    fn of_value(&mut self, types: TypesRef, ty: ComponentValType) -> Measure {
        match ty {
            ComponentValType::Primitive(_) => Measure::LEAF,
            ComponentValType::Type(id) => self.of_any(types, id.into()),
        }
    }

    fn of_defined(&mut self, types: TypesRef, ty: &ComponentDefinedType) -> Measure {
        match ty {
            ComponentDefinedType::Record(record) => {
                self.of_values(types, record.fields.values().copied())
            }
            ComponentDefinedType::Variant(variant) => {
                let cases = variant.cases.values();
                self.of_values(types, cases.filter_map(|case| case.ty))
            }
            ComponentDefinedType::Tuple(tuple) => {
                self.of_values(types, tuple.types.iter().copied())
            }
            ComponentDefinedType::List { element, .. }
            | ComponentDefinedType::FixedLengthList { element, .. } => {
                self.of_values(types, [*element].into_iter())
            }
            ComponentDefinedType::Map { key, value, .. } => {
                self.of_values(types, [*key, *value].into_iter())
            }
            ComponentDefinedType::Option { ty, .. } => self.of_values(types, [*ty].into_iter()),
            ComponentDefinedType::Result { ok, err, .. } => {
                self.of_values(types, ok.iter().chain(err).copied())
            }
            ComponentDefinedType::Future { ty, .. } | ComponentDefinedType::Stream { ty, .. } => {
                self.of_values(types, ty.iter().copied())
            }
            ComponentDefinedType::Primitive(_)
            | ComponentDefinedType::Flags(_)
            | ComponentDefinedType::Enum(_)
            | ComponentDefinedType::Own(_)
            | ComponentDefinedType::Borrow(_) => Measure::LEAF,
        }
    }
}
