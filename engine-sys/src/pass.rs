//! One pass over a core module's bytes, which may be part of a component: validates them, and keeps what a report needs.

use std::mem;

use wasmtime::wasmparser::types::Types;
use wasmtime::wasmparser::{
    CompositeInnerType, CustomSectionReader, ExportSectionReader, ExternalKind, FuncToValidate,
    FuncValidatorAllocations, FunctionBody, ImportSectionReader, KnownCustom, MemorySectionReader,
    NameSectionReader, Payload, SectionLimited, TableSectionReader, TypeSectionReader,
    ValidPayload, Validator, ValidatorResources, WasmFeatures,
};

use crate::compile_cost::CompileCost;
use crate::inspect::engine_sys_module_limits_t;
use crate::param_names::ParamNames;
use crate::report::{Function, Kind, Refusal, Report};

/// What the engine's own validation allows, as `Config` makes it for the crate features in `Cargo.toml`; it has no
/// public way to ask. A test holds the two side by side for a module of each proposal.
pub const FEATURES: WasmFeatures = WasmFeatures::WASM3.difference(WasmFeatures::THREADS);

const PAGE_SIZE_LOG2: u32 = 16;

/// What was read so far.
pub struct Pass<'a> {
    limits: &'a engine_sys_module_limits_t,
    allocations: FuncValidatorAllocations,
    functions: Vec<(&'a str, u32)>, // exported ones, with their indexes
    imports: Vec<(&'a str, &'a str)>,
    names: Option<NameSectionReader<'a>>,
    /// Begins with that of what was read before, to which the limits apply as well.
    pub cost: CompileCost,
    pub initial: Initial,
}

/// What every instance has from the start.
#[derive(Clone, Copy, Default)]
pub struct Initial {
    pub memories: u64,
    pub memory_bytes: u64, // of all memories together
    pub tables: u64,
    pub table_elements: u64,
}

impl<'a> Pass<'a> {
    pub fn new(limits: &'a engine_sys_module_limits_t, cost: CompileCost) -> Self {
        Pass {
            limits,
            allocations: FuncValidatorAllocations::default(),
            functions: Vec::new(),
            imports: Vec::new(),
            names: None,
            cost,
            initial: Initial::default(),
        }
    }

    /// The last payload gives the module's types. Nothing is read before it is found to be valid, and few enough.
    pub fn payload(
        &mut self,
        validator: &mut Validator,
        payload: &Payload<'a>,
    ) -> Result<Option<Types>, Refusal> {
        self.check_limits(payload)?;
        match validator.payload(payload)? {
            ValidPayload::Func(function, body) => self.function(function, &body)?,
            ValidPayload::End(types) => return Ok(Some(types)),
            _ => self.read(validator, payload)?,
        }
        Ok(None)
    }

    fn check_limits(&self, payload: &Payload<'a>) -> Result<(), Refusal> {
        let (limits, cost) = (self.limits, &self.cost);
        match payload {
            Payload::TypeSection(types) => at_most(types, cost.types, limits.types, "types"),
            Payload::FunctionSection(functions) => {
                at_most(functions, cost.functions, limits.functions, "functions")
            }
            Payload::TableSection(tables) => at_most(tables, 0, limits.tables, "tables"),
            Payload::MemorySection(memories) => at_most(memories, 0, limits.memories, "memories"),
            Payload::ElementSection(segments) => {
                let (before, most) = (cost.element_segments, limits.element_segments);
                at_most(segments, before, most, "element segments")
            }
            _ => Ok(()),
        }
    }

    fn read(&mut self, validator: &Validator, payload: &Payload<'a>) -> Result<(), Refusal> {
        match payload {
            Payload::TypeSection(types) => self.count_types(validator, types)?,
            Payload::ImportSection(imports) => self.read_imports(imports)?,
            Payload::FunctionSection(functions) => self.cost.functions += functions.count(),
            Payload::ElementSection(segments) => self.cost.element_segments += segments.count(),
            Payload::MemorySection(memories) => self.read_memories(memories)?,
            Payload::TableSection(tables) => self.read_tables(tables)?,
            Payload::ExportSection(exports) => self.read_exports(exports)?,
            Payload::CodeSectionStart { range, .. } => self.cost.code_bytes += range.len() as u64,
            Payload::CustomSection(section) => self.read_custom(section),
            _ => {}
        }
        Ok(())
    }

    /// The section counts groups of types only.
    fn count_types(
        &mut self,
        validator: &Validator,
        section: &TypeSectionReader<'a>,
    ) -> Result<(), Refusal> {
        let Some(types) = validator.types(0) else {
            return Ok(());
        };
        let count = types.core_type_count_in_module();
        self.cost.types = self.cost.types.saturating_add(count);
        let at = section.original_position();
        refuse_beyond(self.cost.types, self.limits.types, "types", at)?;
        for index in 0..count {
            let ty = &types[types.core_type_at_in_module(index)]
                .composite_type
                .inner;
            if let CompositeInnerType::Func(ty) = ty {
                self.cost.function_type(ty);
            }
        }
        Ok(())
    }

    fn read_imports(&mut self, section: &ImportSectionReader<'a>) -> Result<(), Refusal> {
        for import in section.clone().into_imports() {
            let import = import?;
            self.imports.push((import.module, import.name));
        }
        Ok(())
    }

    fn read_memories(&mut self, section: &MemorySectionReader<'a>) -> Result<(), Refusal> {
        for memory in section.clone() {
            let memory = memory?;
            let page = 1 << memory.page_size_log2.unwrap_or(PAGE_SIZE_LOG2);
            let bytes = memory.initial.saturating_mul(page);
            self.initial.memories += 1;
            self.initial.memory_bytes = self.initial.memory_bytes.saturating_add(bytes);
        }
        Ok(())
    }

    fn read_tables(&mut self, section: &TableSectionReader<'a>) -> Result<(), Refusal> {
        for table in section.clone() {
            let elements = table?.ty.initial;
            self.initial.tables += 1;
            self.initial.table_elements = self.initial.table_elements.saturating_add(elements);
        }
        Ok(())
    }

    fn read_exports(&mut self, section: &ExportSectionReader<'a>) -> Result<(), Refusal> {
        for export in section.clone() {
            let export = export?;
            if export.kind == ExternalKind::Func {
                self.functions.push((export.name, export.index));
            }
        }
        Ok(())
    }

    /// Of several name sections the first counts.
    fn read_custom(&mut self, section: &CustomSectionReader<'a>) {
        if section.name() != "name" || self.names.is_some() {
            return;
        }
        if let KnownCustom::Name(names) = section.as_known() {
            self.names = Some(names);
        }
    }

    fn function(
        &mut self,
        function: FuncToValidate<ValidatorResources>,
        body: &FunctionBody<'a>,
    ) -> Result<(), Refusal> {
        let mut validator = function.into_validator(mem::take(&mut self.allocations));
        let mut reader = body.get_binary_reader();
        validator.read_locals(&mut reader)?;
        reader.set_features(FEATURES);
        self.cost.begin_function(validator.len_locals());
        while !reader.eof() {
            let at = reader.original_position();
            let operands = validator.operand_stack_height();
            self.cost
                .operator(&body.as_bytes()[at - body.range().start..], operands);
            reader.visit_operator(&mut validator.visitor(at))??;
        }
        reader.finish_expression(&validator.visitor(reader.original_position()))?;
        self.cost.end_function();
        self.allocations = validator.into_allocations();
        Ok(())
    }

    pub fn report(&self, types: &Types) -> Result<Report, Refusal> {
        let functions = self.signatures(types)?;
        let names = ParamNames::read(self.names.as_ref(), &functions);
        let mut report = Report::new(kind_of(&functions), &self.cost, &self.initial);
        report.count(functions.len());
        for function in &functions {
            report.function(function, names.of(function.index));
        }
        report.count(self.imports.len());
        for (module, name) in &self.imports {
            report.import(module, name);
        }
        Ok(report)
    }

    fn signatures<'t>(&'t self, types: &'t Types) -> Result<Vec<Function<'t>>, Refusal> {
        let index_space = types.as_ref();
        let mut values = 0;
        let mut functions = Vec::with_capacity(self.functions.len());
        for &(name, index) in &self.functions {
            let ty = types[index_space.core_function_at(index)].unwrap_func();
            values += ty.params().len() + ty.results().len();
            if values > self.limits.exported_values as usize {
                return Err(
                    "exported functions have too many parameters and results in all".into(),
                );
            }
            functions.push(Function { name, index, ty });
        }
        Ok(functions)
    }
}

/// WASI preview 1, "Application ABI": a command exports `_start`, without parameters or results.
fn kind_of(functions: &[Function]) -> Kind {
    let is_start = |function: &Function| {
        function.name == "_start"
            && function.ty.params().is_empty()
            && function.ty.results().is_empty()
    };
    match functions.iter().any(is_start) {
        true => Kind::Command,
        false => Kind::Module,
    }
}

fn at_most<T>(
    section: &SectionLimited<T>,
    before: u32,
    most: u32,
    what: &str,
) -> Result<(), Refusal> {
    let count = before.saturating_add(section.count());
    refuse_beyond(count, most, what, section.original_position())
}

pub fn refuse_beyond(count: u32, most: u32, what: &str, at: usize) -> Result<(), Refusal> {
    match count <= most {
        true => Ok(()),
        false => {
            let most = grouped(most);
            Err(format!("the module has more than {most} {what} (at offset {at:#x})").into())
        }
    }
}

/// "100,000"
fn grouped(number: u32) -> String {
    match number {
        0..1000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1000), number % 1000),
    }
}
