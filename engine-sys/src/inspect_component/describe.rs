//! What a component offers and needs, in WIT's words.

use wasmtime::wasmparser::component_types::{
    ComponentEntityType, ComponentFuncTypeId, ComponentItem,
};
use wasmtime::wasmparser::types::TypesRef;

use super::needs_wasi_3;
use super::wit_type::TypeWriter;
use crate::report::{Kind, Refusal, WitFunction};

pub struct Description<'a> {
    pub kind: Kind,
    pub functions: Vec<WitFunction<'a>>,
    pub imports: Vec<(&'a str, &'a str)>,
}

impl<'a> Description<'a> {
    /// `max_values`: parts of the types of all exported functions together.
    pub fn of(
        types: TypesRef<'a>,
        imports: &[&'a str],
        exports: &[&'a str],
        max_values: u32,
    ) -> Result<Self, Refusal> {
        let mut describer = Describer {
            types: TypeWriter::new(types, max_values),
        };
        let imports = describer.imports(imports)?;
        let mut description = Description {
            kind: kind_of(exports)?,
            functions: Vec::new(),
            imports,
        };
        for export in exports {
            if let Some(item) = types.component_item_for_export(export) {
                describer.export(export, item, &mut description.functions)?;
            }
        }
        Ok(description)
    }
}

fn kind_of(exports: &[&str]) -> Result<Kind, Refusal> {
    for export in exports {
        refuse_wasi_3("exports", export)?;
    }
    let has = |start: &str| exports.iter().any(|export| export.starts_with(start));
    Ok(if has("wasi:http/incoming-handler@0.2.") {
        Kind::Http
    } else if has("wasi:cli/run@0.2.") {
        Kind::Command
    } else {
        Kind::Component
    })
}

fn refuse_wasi_3(verb: &str, interface: &str) -> Result<(), Refusal> {
    match interface.starts_with("wasi:") && interface.contains("@0.3.") {
        true => Err(needs_wasi_3(&format!("it {verb} {interface}"))),
        false => Ok(()),
    }
}

struct Describer<'a> {
    types: TypeWriter<'a>,
}

impl<'a> Describer<'a> {
    /// Those that have to be offered: an interface without anything but types does not.
    fn imports(&mut self, names: &[&'a str]) -> Result<Vec<(&'a str, &'a str)>, Refusal> {
        let mut imports = Vec::new();
        for &name in names {
            refuse_wasi_3("imports", name)?;
            let Some(item) = self.types.types.component_item_for_import(name) else {
                continue;
            };
            if let ComponentEntityType::Instance(id) = item.ty {
                let mut is_needed = false;
                for (part, item) in &self.types.data(id)?.exports {
                    is_needed |= self.is_needed(part, item);
                }
                if is_needed {
                    imports.push((name, ""));
                }
            } else if self.is_needed(name, item) {
                imports.push(("", name));
            }
        }
        Ok(imports)
    }

    fn is_needed(&mut self, name: &'a str, item: &ComponentItem) -> bool {
        match item.ty {
            ComponentEntityType::Type { .. } => self.types.name_resource(name, item),
            _ => true,
        }
    }

    fn export(
        &mut self,
        name: &'a str,
        item: &ComponentItem,
        functions: &mut Vec<WitFunction<'a>>,
    ) -> Result<(), Refusal> {
        match item.ty {
            ComponentEntityType::Func(id) => functions.push(self.function(name.into(), id)?),
            ComponentEntityType::Instance(id) => {
                let exports = &self.types.data(id)?.exports;
                for (part, item) in exports {
                    self.types.name_resource(part, item);
                }
                for (part, item) in exports {
                    if let ComponentEntityType::Func(id) = item.ty {
                        functions.push(self.function(name_in(name, part), id)?);
                    }
                }
            }
            _ => {
                self.types.name_resource(name, item);
            }
        }
        Ok(())
    }

    fn function(
        &mut self,
        name: String,
        id: ComponentFuncTypeId,
    ) -> Result<WitFunction<'a>, Refusal> {
        let ty = self.types.data(id)?;
        self.types.take(1, name.len())?;
        let mut params = Vec::with_capacity(ty.params.len());
        for (param, ty) in &ty.params {
            self.types.take(1, param.len())?;
            params.push((param.as_str(), self.types.wit_type(*ty)?));
        }
        let result = ty.result.map(|ty| self.types.wit_type(ty)).transpose()?;
        Ok(WitFunction {
            name,
            params,
            result,
        })
    }
}

/// "docs:types/all.mk@0.1.0" of "docs:types/all@0.1.0" and "mk".
fn name_in(interface: &str, function: &str) -> String {
    match interface.split_once('@') {
        Some((path, version)) => format!("{path}.{function}@{version}"),
        None => format!("{interface}.{function}"),
    }
}
