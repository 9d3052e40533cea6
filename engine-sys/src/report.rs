//! What inspecting a module found, as bytes: `src/engine/inspect/report.h` has the format and reads it.

use wasmtime::wasmparser::{self, FuncType, RefType, ValType};

use crate::compile_cost::CompileCost;
use crate::pass::Initial;

/// The first byte of a report.
#[derive(Clone, Copy)]
pub enum Kind {
    Invalid = 0,
    Module = 1,
    Command = 2, // of either encoding
    Component = 3,
    Http = 4,
}

/// An exported function.
pub struct Function<'a> {
    pub name: &'a str,
    pub index: u32,
    pub ty: &'a FuncType,
}

/// A type of a component's: the value of the C++ `ValueType`, and WIT's text where that is more than one word.
pub struct WitType {
    pub kind: u8,
    pub text: String,
}

/// An exported function of a component.
pub struct WitFunction<'a> {
    pub name: String,
    pub params: Vec<(&'a str, WitType)>,
    pub result: Option<WitType>,
}

/// Why a module is not taken.
pub struct Refusal(String);

impl From<wasmparser::Error> for Refusal {
    fn from(error: wasmparser::Error) -> Self {
        Refusal(error.to_string())
    }
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Refusal(reason)
    }
}

impl From<&str> for Refusal {
    fn from(reason: &str) -> Self {
        Refusal(reason.into())
    }
}

/// The validator quotes names, which are the module's: as long and with any characters as it likes.
const LONGEST_REASON: usize = 1000;

impl Refusal {
    pub fn reason(&self) -> &str {
        &self.0
    }

    pub fn into_bytes(self) -> Vec<u8> {
        let is_kept = |character: &char| !character.is_control();
        let reason: String = self
            .0
            .chars()
            .filter(is_kept)
            .take(LONGEST_REASON)
            .collect();
        let mut report = Report(vec![Kind::Invalid as u8]);
        report.text(&reason);
        report.0
    }
}

pub struct Report(Vec<u8>);

impl Report {
    pub fn new(kind: Kind, cost: &CompileCost, initial: &Initial) -> Self {
        let mut report = Report(vec![kind as u8]);
        for number in cost.numbers() {
            report.number(number);
        }
        report.number(initial.memory_bytes);
        report.number(initial.table_elements);
        report
    }

    pub fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    /// `names` of the parameters, empty where there is none.
    pub fn function<'n>(&mut self, function: &Function, names: impl Fn(u32) -> &'n str) {
        self.text(function.name);
        self.count(function.ty.params().len());
        for (param, ty) in (0..).zip(function.ty.params()) {
            self.0.push(value_type(*ty));
            self.text(names(param));
        }
        self.count(function.ty.results().len());
        self.0
            .extend(function.ty.results().iter().map(|ty| value_type(*ty)));
    }

    pub fn wit_function(&mut self, function: &WitFunction) {
        self.text(&function.name);
        self.count(function.params.len());
        for (name, ty) in &function.params {
            self.wit_type(ty);
            self.text(name);
        }
        self.count(function.result.iter().len());
        if let Some(ty) = &function.result {
            self.wit_type(ty);
        }
    }

    fn wit_type(&mut self, ty: &WitType) {
        self.0.push(ty.kind);
        if !ty.text.is_empty() {
            self.text(&ty.text);
        }
    }

    pub fn import(&mut self, module: &str, name: &str) {
        self.text(module);
        self.text(name);
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }
}

/// The value of the C++ `ValueType` (`src/model/value_type.h`).
fn value_type(ty: ValType) -> u8 {
    match ty {
        ValType::I32 => 0,
        ValType::I64 => 1,
        ValType::F32 => 2,
        ValType::F64 => 3,
        ValType::V128 => 4,
        ValType::Ref(RefType::FUNCREF) => 5,
        ValType::Ref(RefType::EXTERNREF) => 6,
        ValType::Ref(_) => 7,
    }
}
