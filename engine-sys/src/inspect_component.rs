//! One pass over a component's bytes: validates them with all modules and components in it, and keeps what a report
//! needs.

mod describe;
mod measure;
mod size;
mod type_section;
mod uses;
mod wit_type;

use std::mem;

use wasmtime::wasmparser::types::Types;
use wasmtime::wasmparser::{
    ComponentExportSectionReader, ComponentImportSectionReader, Parser, Payload, SectionLimited,
    ValidPayload, Validator, WasmFeatures,
};

use crate::compile_cost::CompileCost;
use crate::inspect::engine_sys_module_limits_t;
use crate::pass::{FEATURES, Pass, refuse_beyond};
use crate::report::{Refusal, Report};

use describe::Description;
use measure::Measures;
use size::Sizes;

/// As the engine's, which has `concurrency_support(false)`: nothing of WASI 0.3.
const COMPONENT_FEATURES: WasmFeatures = FEATURES.union(WasmFeatures::COMPONENT_MODEL);

/// How deep components may be nested; those that toolchains compose are a few levels deep. Each level costs the
/// engine far more than the few bytes that it takes.
pub const MAX_DEPTH: usize = 32;

pub struct ComponentPass<'a> {
    wasm: &'a [u8],
    limits: &'a engine_sys_module_limits_t,
    validator: Validator,
    module: Option<Pass<'a>>, // the nested module that is being read
    sizes: Sizes,
    measures: Measures,
    cost: CompileCost,
    types: u32,            // of the components themselves
    imports: Vec<&'a str>, // of the outermost component, as the exports are
    exports: Vec<&'a str>,
}

impl<'a> ComponentPass<'a> {
    pub fn inspect(
        wasm: &'a [u8],
        limits: &'a engine_sys_module_limits_t,
    ) -> Result<Report, Refusal> {
        let mut pass = ComponentPass {
            wasm,
            limits,
            validator: Validator::new_with_features(COMPONENT_FEATURES),
            module: None,
            sizes: Sizes::new(),
            measures: Measures::default(),
            cost: CompileCost::default(),
            types: 0,
            imports: Vec::new(),
            exports: Vec::new(),
        };
        pass.run().map_err(explain)
    }

    fn run(&mut self) -> Result<Report, Refusal> {
        let mut parser = Parser::new(0);
        parser.set_features(COMPONENT_FEATURES);
        for payload in parser.parse_all(self.wasm) {
            if let Some(types) = self.payload(&payload?)? {
                return self.report(&types);
            }
        }
        Err("unexpected end".into())
    }

    /// The last payload gives the outermost component's types.
    fn payload(&mut self, payload: &Payload<'a>) -> Result<Option<Types>, Refusal> {
        if let Some(module) = &mut self.module {
            if module.payload(&mut self.validator, payload)?.is_some() {
                self.end_module();
            }
            return Ok(None);
        }
        self.before(payload)?;
        let valid = self.validator.payload(payload)?;
        match (valid, payload) {
            (ValidPayload::End(types), _) => {
                return Ok(self.sizes.end_component()?.then_some(types));
            }
            (_, Payload::ModuleSection { .. }) => {
                self.module = Some(Pass::new(self.limits, mem::take(&mut self.cost)));
            }
            (_, Payload::ComponentSection { .. }) => self.sizes.begin_component(MAX_DEPTH)?,
            _ => {}
        }
        Ok(None)
    }

    fn end_module(&mut self) {
        if let Some(module) = self.module.take() {
            self.cost = module.cost;
            self.sizes.add_module(&module.initial);
        }
    }

    /// What the validator has no bound for, or none that is low enough.
    fn before(&mut self, payload: &Payload<'a>) -> Result<(), Refusal> {
        let (validator, measures) = (&self.validator, &mut self.measures);
        match payload {
            Payload::ComponentTypeSection(types) => {
                let features = COMPONENT_FEATURES;
                let count =
                    type_section::count_types(self.wasm, types, features, validator, measures)?;
                self.count_types(types, count)
            }
            Payload::CoreTypeSection(types) => {
                let mut count = 0;
                for ty in types.clone() {
                    count += type_section::core_types(&ty?);
                }
                self.count_types(types, count)
            }
            Payload::ComponentCanonicalSection(functions) => {
                uses::canonical(functions, validator, measures)?;
                self.count_functions(functions)
            }
            Payload::ComponentImportSection(imports) => {
                uses::imports(imports, validator, measures)?;
                self.read_imports(imports)
            }
            Payload::ComponentExportSection(exports) => {
                uses::exports(exports, validator, measures)?;
                self.read_exports(exports)
            }
            Payload::ComponentInstanceSection(instances) => {
                uses::instances(instances, validator, measures)?;
                self.sizes.instances(instances)
            }
            Payload::InstanceSection(instances) => self.sizes.core_instances(instances),
            Payload::ComponentAliasSection(aliases) => self.sizes.aliases(aliases),
            _ => Ok(()),
        }
    }

    fn count_types<T>(&mut self, section: &SectionLimited<T>, count: u32) -> Result<(), Refusal> {
        self.types = self.types.saturating_add(count);
        let at = section.original_position();
        refuse_beyond(self.types, self.limits.types, "types", at)?;
        self.sizes.add_items(count.into())
    }

    /// The engine makes a function of each.
    fn count_functions<T>(&mut self, section: &SectionLimited<T>) -> Result<(), Refusal> {
        self.cost.functions = self.cost.functions.saturating_add(section.count());
        let at = section.original_position();
        refuse_beyond(self.cost.functions, self.limits.functions, "functions", at)?;
        self.sizes.add_items(section.count().into())
    }

    fn read_imports(&mut self, section: &ComponentImportSectionReader<'a>) -> Result<(), Refusal> {
        self.sizes.imports(section)?;
        if self.sizes.is_outermost() {
            for import in section.clone() {
                self.imports.push(import?.name.name);
            }
        }
        Ok(())
    }

    fn read_exports(&mut self, section: &ComponentExportSectionReader<'a>) -> Result<(), Refusal> {
        self.sizes.exports(section)?;
        if self.sizes.is_outermost() {
            for export in section.clone() {
                self.exports.push(export?.name.name);
            }
        }
        Ok(())
    }

    fn report(&self, types: &Types) -> Result<Report, Refusal> {
        let initial = self.sizes.initial(self.limits)?;
        let description = Description::of(
            types.as_ref(),
            &self.imports,
            &self.exports,
            self.limits.exported_values,
        )?;
        let mut report = Report::new(description.kind, &self.cost, &initial);
        report.count(description.functions.len());
        for function in &description.functions {
            report.wit_function(function);
        }
        report.count(description.imports.len());
        for (module, name) in &description.imports {
            report.import(module, name);
        }
        Ok(report)
    }
}

/// The validator names the feature that is off; who uploads knows it by another name.
fn explain(refusal: Refusal) -> Refusal {
    let reason = refusal.reason();
    let is_about_wasi_3 = [
        "async",
        "async stackful",
        "more async builtins",
        "error-context",
    ]
    .iter()
    .any(|feature| reason.contains(&format!("requires the component model {feature} feature")))
        || reason.contains("require the component model async feature");
    match is_about_wasi_3 {
        true => needs_wasi_3(reason),
        false => refusal,
    }
}

fn needs_wasi_3(why: &str) -> Refusal {
    format!("the component needs WASI 0.3, which this server does not offer: {why}").into()
}
