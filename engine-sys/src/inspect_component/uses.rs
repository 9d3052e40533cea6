//! Where types are used outside of type sections: each use makes the validator visit the whole of them, and an
//! instance of instances is deeper than they are.

use wasmtime::wasmparser::{
    CanonicalFunction, ComponentCanonicalSectionReader, ComponentExportSectionReader,
    ComponentExternalKind, ComponentImportSectionReader, ComponentInstance,
    ComponentInstanceSectionReader, ComponentTypeRef, TypeBounds, Validator,
};

use super::measure::{Measure, Measures};
use crate::report::Refusal;

/// Things with indexes, of a section that is read before the validator sees it.
struct New<'a> {
    measures: &'a mut Measures,
    validator: &'a Validator,
    kind: ComponentExternalKind,
    before: u32, // of that kind
    new: Vec<Measure>,
}

impl<'a> New<'a> {
    fn new(
        measures: &'a mut Measures,
        validator: &'a Validator,
        kind: ComponentExternalKind,
    ) -> Self {
        let before = validator.types(0).map_or(0, |types| match kind {
            ComponentExternalKind::Func => types.component_function_count(),
            _ => types.component_instance_count(),
        });
        New {
            measures,
            validator,
            kind,
            before,
            new: Vec::new(),
        }
    }

    fn get(&mut self, kind: ComponentExternalKind, index: u32) -> Measure {
        let local = index.checked_sub(self.before).filter(|_| kind == self.kind);
        let measure = match local {
            Some(place) => self.new.get(place as usize).copied(),
            None => self.measures.of_item(self.validator, kind, index),
        };
        measure.unwrap_or(Measure::LEAF)
    }

    fn add(&mut self, measure: Measure) -> Result<(), Refusal> {
        self.measures.visit(measure.check()?)?;
        self.new.push(measure);
        Ok(())
    }
}

pub fn canonical(
    section: &ComponentCanonicalSectionReader,
    validator: &Validator,
    measures: &mut Measures,
) -> Result<(), Refusal> {
    let mut functions = New::new(measures, validator, ComponentExternalKind::Func);
    for function in section.clone() {
        match function? {
            CanonicalFunction::Lift { type_index, .. } => {
                let measure = functions.get(ComponentExternalKind::Type, type_index);
                functions.add(measure)?;
            }
            CanonicalFunction::Lower { func_index, .. } => {
                let measure = functions.get(ComponentExternalKind::Func, func_index);
                functions.measures.visit(measure)?;
            }
            _ => {}
        }
    }
    Ok(())
}

pub fn instances(
    section: &ComponentInstanceSectionReader,
    validator: &Validator,
    measures: &mut Measures,
) -> Result<(), Refusal> {
    let mut instances = New::new(measures, validator, ComponentExternalKind::Instance);
    for instance in section.clone() {
        let measure = match instance? {
            ComponentInstance::Instantiate {
                component_index, ..
            } => instances.get(ComponentExternalKind::Component, component_index),
            ComponentInstance::FromExports(exports) => Measure::of(
                exports
                    .iter()
                    .map(|export| instances.get(export.kind, export.index)),
            ),
        };
        instances.add(measure)?;
    }
    Ok(())
}

pub fn imports(
    section: &ComponentImportSectionReader,
    validator: &Validator,
    measures: &mut Measures,
) -> Result<(), Refusal> {
    for import in section.clone() {
        let measure = of_ref(import?.ty, validator, measures);
        measures.visit(measure.check()?)?;
    }
    Ok(())
}

/// One of what the same section exports has no index that the validator knows. It is as large as what it stands for, so
/// the first of them was measured.
pub fn exports(
    section: &ComponentExportSectionReader,
    validator: &Validator,
    measures: &mut Measures,
) -> Result<(), Refusal> {
    let mut largest = Measure::LEAF;
    for export in section.clone() {
        let export = export?;
        let exported = measures.of_item(validator, export.kind, export.index);
        let ascribed = export.ty.map(|ty| of_ref(ty, validator, measures));
        for measure in exported.into_iter().chain(ascribed) {
            largest.join(measure);
        }
        measures.visit(ascribed.or(exported).unwrap_or(largest))?;
    }
    Ok(())
}

fn of_ref(ty: ComponentTypeRef, validator: &Validator, measures: &mut Measures) -> Measure {
    let measure = match ty {
        ComponentTypeRef::Func(index)
        | ComponentTypeRef::Instance(index)
        | ComponentTypeRef::Component(index)
        | ComponentTypeRef::Type(TypeBounds::Eq(index)) => measures.of_type(validator, 0, index),
        _ => None,
    };
    measure.unwrap_or(Measure::LEAF)
}
