//! What an instance of a component begins with: of all instances of all modules in it together, known before any of
//! them is made. A few bytes can instantiate a component that instantiates others, so that it doubles at each level;
//! the engine writes that out when it compiles.

use wasmtime::wasmparser::{
    ComponentAlias, ComponentAliasSectionReader, ComponentExportSectionReader,
    ComponentExternalKind, ComponentImportSectionReader, ComponentInstance,
    ComponentInstanceSectionReader, ComponentOuterAliasKind, ComponentTypeRef, Instance,
    InstanceSectionReader,
};

use crate::inspect::engine_sys_module_limits_t;
use crate::pass::Initial;
use crate::report::Refusal;

/// Instances of core modules in one of the component. Toolchains make about ten for each component that was composed.
const MAX_CORE_INSTANCES: u64 = 100;

/// Definitions, counted once more for each instance of the component that they are in. A component with all of WASI
/// has about a thousand.
const MAX_ITEMS: u64 = 100_000;

#[derive(Clone, Copy, Default)]
struct Size {
    initial: Initial,
    core_instances: u64,
    items: u64,
}

impl Size {
    fn add(&mut self, other: &Size) {
        let (sum, part) = (&mut self.initial, &other.initial);
        sum.memories = sum.memories.saturating_add(part.memories);
        sum.memory_bytes = sum.memory_bytes.saturating_add(part.memory_bytes);
        sum.tables = sum.tables.saturating_add(part.tables);
        sum.table_elements = sum.table_elements.saturating_add(part.table_elements);
        self.core_instances = self.core_instances.saturating_add(other.core_instances);
        self.items = self.items.saturating_add(other.items);
    }
}

/// A module or component that can be instantiated: none if it is not known what it will be.
type Definition = Option<Size>;

/// A component that is being read: what its indexes stand for so far.
#[derive(Default)]
struct Frame {
    modules: Vec<Definition>,
    components: Vec<Definition>,
    total: Size,
}

/// Indexes that are out of range are the validator's to refuse.
pub struct Sizes {
    frames: Vec<Frame>, // the outermost first; never empty
}

impl Sizes {
    pub fn new() -> Self {
        Sizes {
            frames: vec![Frame::default()],
        }
    }

    pub fn is_outermost(&self) -> bool {
        self.frames.len() == 1
    }

    pub fn begin_component(&mut self, max_depth: usize) -> Result<(), Refusal> {
        if self.frames.len() >= max_depth {
            return Err(format!("components are nested more than {max_depth} deep").into());
        }
        self.frames.push(Frame::default());
        Ok(())
    }

    /// Whether it was the outermost one.
    pub fn end_component(&mut self) -> Result<bool, Refusal> {
        if self.is_outermost() {
            return Ok(true);
        }
        let ended = self.frames.pop().map(|frame| frame.total);
        self.frame().components.push(ended);
        self.add_items(1)?;
        Ok(false)
    }

    pub fn add_module(&mut self, initial: &Initial) {
        let size = Size {
            initial: *initial,
            core_instances: 1,
            items: 0,
        };
        self.frame().modules.push(Some(size));
    }

    pub fn add_items(&mut self, count: u64) -> Result<(), Refusal> {
        let items = Size {
            items: count,
            ..Size::default()
        };
        self.add(&items)
    }

    pub fn core_instances(&mut self, section: &InstanceSectionReader) -> Result<(), Refusal> {
        for instance in section.clone() {
            match instance? {
                Instance::Instantiate { module_index, args } => {
                    let modules = &self.frame().modules;
                    let module = known(modules.get(module_index as usize))?;
                    self.add(&module)?;
                    self.add_items(args.len() as u64 + 1)?;
                }
                Instance::FromExports(exports) => self.add_items(exports.len() as u64 + 1)?,
            }
        }
        Ok(())
    }

    pub fn instances(&mut self, section: &ComponentInstanceSectionReader) -> Result<(), Refusal> {
        for instance in section.clone() {
            match instance? {
                ComponentInstance::Instantiate {
                    component_index,
                    args,
                } => {
                    let components = &self.frame().components;
                    let component = known(components.get(component_index as usize))?;
                    self.add(&component)?;
                    self.add_items(args.len() as u64 + 1)?;
                }
                ComponentInstance::FromExports(exports) => {
                    self.add_items(exports.len() as u64 + 1)?;
                }
            }
        }
        Ok(())
    }

    pub fn aliases(&mut self, section: &ComponentAliasSectionReader) -> Result<(), Refusal> {
        self.add_items(section.count().into())?;
        for alias in section.clone() {
            match alias? {
                ComponentAlias::InstanceExport { kind, .. } => self.define(kind, None),
                ComponentAlias::Outer { kind, count, index } => self.outer(kind, count, index),
                ComponentAlias::CoreInstanceExport { .. } => {}
            }
        }
        Ok(())
    }

    /// What nobody offers to the outermost component is never instantiated.
    pub fn imports(&mut self, section: &ComponentImportSectionReader) -> Result<(), Refusal> {
        self.add_items(section.count().into())?;
        let definition = self.is_outermost().then(Size::default);
        for import in section.clone() {
            match import?.ty {
                ComponentTypeRef::Module(_) => self.frame().modules.push(definition),
                ComponentTypeRef::Component(_) => self.frame().components.push(definition),
                _ => {}
            }
        }
        Ok(())
    }

    /// An export has an index of its own.
    pub fn exports(&mut self, section: &ComponentExportSectionReader) -> Result<(), Refusal> {
        self.add_items(section.count().into())?;
        for export in section.clone() {
            let export = export?;
            let (frame, index) = (self.frame(), export.index as usize);
            let exported = match export.kind {
                ComponentExternalKind::Module => frame.modules.get(index),
                ComponentExternalKind::Component => frame.components.get(index),
                _ => None,
            };
            let definition = exported.copied().flatten();
            self.define(export.kind, definition);
        }
        Ok(())
    }

    /// Of the outermost component, when all was read.
    pub fn initial(&self, limits: &engine_sys_module_limits_t) -> Result<Initial, Refusal> {
        let Size {
            initial,
            core_instances,
            ..
        } = self.frames[0].total;
        let counts = [
            (core_instances, MAX_CORE_INSTANCES, "instances of modules"),
            (initial.memories, limits.memories.into(), "memories"),
            (initial.tables, limits.tables.into(), "tables"),
        ];
        for (count, most, what) in counts {
            if count > most {
                return Err(
                    format!("an instance of the component has more than {most} {what}").into(),
                );
            }
        }
        Ok(initial)
    }

    fn frame(&mut self) -> &mut Frame {
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    fn add(&mut self, size: &Size) -> Result<(), Refusal> {
        let total = &mut self.frame().total;
        total.add(size);
        match total.items <= MAX_ITEMS {
            true => Ok(()),
            false => Err(format!(
                "the component has more than {MAX_ITEMS} definitions, those of its instances included"
            )
            .into()),
        }
    }

    fn define(&mut self, kind: ComponentExternalKind, definition: Definition) {
        match kind {
            ComponentExternalKind::Module => self.frame().modules.push(definition),
            ComponentExternalKind::Component => self.frame().components.push(definition),
            _ => {}
        }
    }

    fn outer(&mut self, kind: ComponentOuterAliasKind, count: u32, index: u32) {
        let place = (self.frames.len() - 1).checked_sub(count as usize);
        let around = place.map(|place| &self.frames[place]);
        let index = index as usize;
        match kind {
            ComponentOuterAliasKind::CoreModule => {
                let module = around.and_then(|frame| frame.modules.get(index).copied());
                self.frame().modules.push(module.flatten());
            }
            ComponentOuterAliasKind::Component => {
                let component = around.and_then(|frame| frame.components.get(index).copied());
                self.frame().components.push(component.flatten());
            }
            ComponentOuterAliasKind::CoreType | ComponentOuterAliasKind::Type => {}
        }
    }
}

fn known(definition: Option<&Definition>) -> Result<Size, Refusal> {
    match definition {
        Some(None) => Err(
            "the component instantiates a module or component that it is given by another, which this server does not \
             offer"
                .into(),
        ),
        Some(Some(size)) => Ok(*size),
        None => Ok(Size::default()),
    }
}
