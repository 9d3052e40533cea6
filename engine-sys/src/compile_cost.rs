//! What a module has that costs time to compile: `src/model/module_cost.h` says how much of each.

use wasmtime::wasmparser::FuncType;

#[derive(Default)]
pub struct CompileCost {
    pub functions: u32,
    pub types: u32,
    pub element_segments: u32,
    pub code_bytes: u64,
    operators: u64,
    locals: u64,
    values: u64,
    loop_depths: u64,
    joins_squared: u64,
    function: FunctionCost,
}

/// Of the function at hand.
#[derive(Default)]
struct FunctionCost {
    blocks: Vec<Block>, // that are open
    loop_depth: u64,
    joins: u64,
}

#[derive(PartialEq)]
enum Block {
    Plain,
    Loop,
}

/// Of a block one; what else the compiler makes as many blocks of, or is as slow with.
const JOINS_OF_LOOP: u64 = 3;
const JOINS_OF_INDIRECT_CALL: u64 = 3;

impl CompileCost {
    pub fn function_type(&mut self, ty: &FuncType) {
        self.values += (ty.params().len() + ty.results().len()) as u64;
    }

    pub fn begin_function(&mut self, locals: u32) {
        self.locals += u64::from(locals);
        self.function.blocks.clear();
        self.function.loop_depth = 0;
        self.function.joins = 0;
    }

    /// `code` begins with the operator, which is not yet validated; `operands` is how many values lie on the stack.
    pub fn operator(&mut self, code: &[u8], operands: u32) {
        self.operators += 1;
        let Some(opcode) = code.first() else { return };
        match opcode {
            0x02..=0x04 | 0x1F => {
                self.values += u64::from(operands);
                self.open(opcode);
            }
            0x0B => {
                self.values += u64::from(operands);
                self.close();
            }
            0x05 | 0x08 | 0x0A | 0x0C..=0x10 | 0x12 => self.values += u64::from(operands),
            0x11 | 0x13..=0x15 => {
                self.values += u64::from(operands);
                self.function.joins += JOINS_OF_INDIRECT_CALL;
            }
            // A local that is set in a loop is one more value that each of the loops around passes on.
            0x21 | 0x22 => self.function.joins += self.function.loop_depth,
            _ => {}
        }
    }

    pub fn end_function(&mut self) {
        let joins = self.function.joins;
        self.joins_squared = self
            .joins_squared
            .saturating_add(joins.saturating_mul(joins));
    }

    /// In the order of the C++ `ModuleCost`.
    pub fn numbers(&self) -> [u64; 9] {
        [
            self.functions.into(),
            self.types.into(),
            self.element_segments.into(),
            self.code_bytes,
            self.operators,
            self.locals,
            self.values,
            self.loop_depths,
            self.joins_squared,
        ]
    }

    fn open(&mut self, opcode: &u8) {
        let function = &mut self.function;
        if *opcode == 0x03 {
            function.joins += JOINS_OF_LOOP;
            function.loop_depth += 1;
            self.loop_depths += function.loop_depth;
            function.blocks.push(Block::Loop);
        } else {
            function.joins += 1;
            function.blocks.push(Block::Plain);
        }
    }

    fn close(&mut self) {
        if self.function.blocks.pop() == Some(Block::Loop) {
            self.function.loop_depth -= 1;
        }
    }
}
