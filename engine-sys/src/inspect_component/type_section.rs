//! The types of a section as they are written, before the validator sees them. Without recursion: the parser descends
//! into types of components and instances with no bound, at three bytes a level, on the thread's stack.

use wasmtime::wasmparser::{
    BinaryReader, ComponentAlias, ComponentDefinedType, ComponentExternName, ComponentExternalKind,
    ComponentFuncType, ComponentImport, ComponentOuterAliasKind, ComponentType, ComponentTypeRef,
    ComponentTypeSectionReader, ComponentValType, CoreType, TypeBounds, Validator, WasmFeatures,
};

use super::measure::{Measure, Measures};
use crate::report::Refusal;

const MAX_LISTS: usize = 64;

const COMPONENT_TYPE: u8 = 0x41;
const INSTANCE_TYPE: u8 = 0x42;

/// The number of types and declarations in the section. Refuses what is too deep.
pub fn count_types(
    wasm: &[u8],
    section: &ComponentTypeSectionReader,
    features: WasmFeatures,
    validator: &Validator,
    measures: &mut Measures,
) -> Result<u32, Refusal> {
    let range = section.range();
    let mut reader = BinaryReader::new_features(&wasm[range.clone()], range.start, features);
    let count = reader.read_var_u32()?;
    let types = validator
        .types(0)
        .map_or(0, |types| types.component_type_count());
    let mut scan = Scan {
        reader,
        validator,
        measures,
        types,
        lists: vec![List::new(Items::Types, count)],
        count: 0,
    };
    scan.run()?;
    Ok(scan.count)
}

/// The types and declarations of a core type.
pub fn core_types(ty: &CoreType) -> u32 {
    match ty {
        CoreType::Rec(group) => group.types().len() as u32,
        CoreType::Module(declarations) => declarations.len() as u32 + 1,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Items {
    Types, // of the section
    Declarations { of_component: bool },
}

/// One that is being read, with what its indexes stand for.
struct List {
    items: Items,
    left: u32,
    types: Vec<Measure>,
    instances: Vec<Measure>,
    total: Measure,
}

impl List {
    fn new(items: Items, left: u32) -> Self {
        List {
            items,
            left,
            types: Vec::new(),
            instances: Vec::new(),
            total: Measure::LEAF,
        }
    }
}

/// Indexes that are out of range are the validator's to refuse.
struct Scan<'a> {
    reader: BinaryReader<'a>,
    validator: &'a Validator,
    measures: &'a mut Measures,
    types: u32, // that the component has from before
    lists: Vec<List>,
    count: u32,
}

impl Scan<'_> {
    fn run(&mut self) -> Result<(), Refusal> {
        while let Some(list) = self.lists.last_mut() {
            if list.left > 0 {
                list.left -= 1;
                let items = list.items;
                self.count = self.count.saturating_add(1);
                self.item(items)?;
            } else {
                let total = list.total;
                self.lists.pop();
                self.add_type(total)?;
            }
        }
        Ok(())
    }

    fn item(&mut self, items: Items) -> Result<(), Refusal> {
        let Items::Declarations { of_component } = items else {
            return self.ty();
        };
        match self.reader.read_u8()? {
            0x00 => drop(self.reader.read::<CoreType>()?),
            0x01 => self.ty()?,
            0x02 => self.alias()?,
            0x03 if of_component => {
                let import = self.reader.read::<ComponentImport>()?;
                self.declare(import.ty)?;
            }
            0x04 => {
                self.reader.read::<ComponentExternName>()?;
                let ty = self.reader.read::<ComponentTypeRef>()?;
                self.declare(ty)?;
            }
            _ => return Err("a declaration of a type is of an unknown kind".into()),
        }
        Ok(())
    }

    fn ty(&mut self) -> Result<(), Refusal> {
        let of_component = match self.reader.clone().read_u8()? {
            COMPONENT_TYPE => true,
            INSTANCE_TYPE => false,
            _ => {
                let ty = self.reader.read::<ComponentType>()?;
                let measure = self.measure(&ty);
                return self.add_type(measure);
            }
        };
        self.reader.read_u8()?;
        let count = self.reader.read_var_u32()?;
        if self.lists.len() > MAX_LISTS {
            return Err("the component has types that are nested too deeply".into());
        }
        self.lists
            .push(List::new(Items::Declarations { of_component }, count));
        Ok(())
    }

    fn alias(&mut self) -> Result<(), Refusal> {
        match self.reader.read::<ComponentAlias>()? {
            ComponentAlias::Outer {
                kind: ComponentOuterAliasKind::Type,
                count,
                index,
            } => {
                let measure = self.of_outer(count, index);
                self.add_type(measure)?;
            }
            // A part of it is not deeper than the whole.
            ComponentAlias::InstanceExport {
                kind,
                instance_index,
                ..
            } => {
                let Some(list) = self.lists.last_mut() else {
                    return Ok(());
                };
                let instance = list.instances.get(instance_index as usize);
                let measure = *instance.unwrap_or(&Measure::LEAF);
                match kind {
                    ComponentExternalKind::Type => list.types.push(measure),
                    ComponentExternalKind::Instance => list.instances.push(measure),
                    _ => {}
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// An export or import.
    fn declare(&mut self, ty: ComponentTypeRef) -> Result<(), Refusal> {
        let measure = match ty {
            ComponentTypeRef::Func(index)
            | ComponentTypeRef::Instance(index)
            | ComponentTypeRef::Component(index)
            | ComponentTypeRef::Type(TypeBounds::Eq(index)) => self.of_index(index),
            ComponentTypeRef::Value(ty) => self.of_value(ty),
            ComponentTypeRef::Type(TypeBounds::SubResource) | ComponentTypeRef::Module(_) => {
                Measure::LEAF
            }
        };
        if let Some(list) = self.lists.last_mut() {
            list.total.add(measure);
            list.total.check()?;
            match ty {
                ComponentTypeRef::Type(_) => list.types.push(measure),
                ComponentTypeRef::Instance(_) => list.instances.push(measure),
                _ => {}
            }
        }
        Ok(())
    }

    fn add_type(&mut self, measure: Measure) -> Result<(), Refusal> {
        measure.check()?;
        if let Some(list) = self.lists.last_mut() {
            list.types.push(measure);
        }
        Ok(())
    }

    fn measure(&mut self, ty: &ComponentType) -> Measure {
        match ty {
            ComponentType::Defined(ty) => self.of_defined(ty),
            ComponentType::Func(ComponentFuncType { params, result, .. }) => {
                let values = params.iter().map(|(_, ty)| *ty).chain(*result);
                self.of_values(values)
            }
            _ => Measure::LEAF,
        }
    }

    fn of_defined(&mut self, ty: &ComponentDefinedType) -> Measure {
        match ty {
            ComponentDefinedType::Record(fields) => {
                self.of_values(fields.iter().map(|(_, ty)| *ty))
            }
            ComponentDefinedType::Variant(cases) => {
                self.of_values(cases.iter().filter_map(|case| case.ty))
            }
            ComponentDefinedType::Tuple(types) => self.of_values(types.iter().copied()),
            ComponentDefinedType::List(ty)
            | ComponentDefinedType::FixedLengthList(ty, _)
            | ComponentDefinedType::Option(ty) => self.of_values([*ty].into_iter()),
            ComponentDefinedType::Map(key, value) => self.of_values([*key, *value].into_iter()),
            ComponentDefinedType::Result { ok, err } => {
                self.of_values(ok.iter().chain(err).copied())
            }
            ComponentDefinedType::Future(ty) | ComponentDefinedType::Stream(ty) => {
                self.of_values(ty.iter().copied())
            }
            ComponentDefinedType::Primitive(_)
            | ComponentDefinedType::Flags(_)
            | ComponentDefinedType::Enum(_)
            | ComponentDefinedType::Own(_)
            | ComponentDefinedType::Borrow(_) => Measure::LEAF,
        }
    }

    fn of_values(&mut self, values: impl Iterator<Item = ComponentValType>) -> Measure {
        Measure::of(values.map(|ty| self.of_value(ty)))
    }

    fn of_value(&mut self, ty: ComponentValType) -> Measure {
        match ty {
            ComponentValType::Primitive(_) => Measure::LEAF,
            ComponentValType::Type(index) => self.of_index(index),
        }
    }

    fn of_index(&mut self, index: u32) -> Measure {
        self.of_outer(0, index)
    }

    /// A type of the list so many lists out; beyond the section's own, of the components around.
    fn of_outer(&mut self, count: u32, index: u32) -> Measure {
        let innermost = self.lists.len() - 1;
        let measure = match innermost.checked_sub(count as usize) {
            Some(0) => match index.checked_sub(self.types) {
                Some(local) => self.lists[0].types.get(local as usize).copied(),
                None => self.measures.of_type(self.validator, 0, index),
            },
            Some(list) => self.lists[list].types.get(index as usize).copied(),
            None => {
                let level = count - innermost as u32;
                self.measures.of_type(self.validator, level, index)
            }
        };
        measure.unwrap_or(Measure::LEAF)
    }
}
