//! Components: what the C API cannot do with them. Its calls know neither a prepared instance nor our limits, its
//! hooks for HTTP would let a guest reach any address, and its values stop the process where a type has a stream.
//!
//! `src/engine/engine_component.h` is the C header of all this; `layout.rs` holds the two together.

pub mod body;
pub mod call;
pub mod cases;
pub mod egress;
pub mod error;
pub mod host;
pub mod http;
pub mod layout;
pub mod lift;
pub mod load;
pub mod lower;
pub mod streams;
pub mod value_bytes;
pub mod waking;
