//! Arguments and results as bytes, on their way between the C++ side and a guest's memory. Both sides know the type, so
//! nothing says what comes:
//!
//!   bool, u8, s8           1 byte
//!   u16, s16               2 bytes
//!   u32, s32, f32, char    4 bytes
//!   u64, s64, f64          8 bytes
//!   flags                  4 bytes, the first flag in the lowest bit
//!   string, list<u8>       u32 length, and so many bytes
//!   list                   u32 count, and the elements
//!   tuple, record          the parts
//!   variant, enum, option, result
//!                          u32 the case's place, and its payload, if it has one
//!
//! All little-endian. `src/engine/values/value_bytes.h` is the other side.

use std::str;

use wasmtime::{Result, bail};

/// Reads what the C++ side wrote.
pub struct ValueReader<'a> {
    rest: &'a [u8],
}

impl<'a> ValueReader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        ValueReader { rest: bytes }
    }

    pub fn bytes(&mut self, size: usize) -> Result<&'a [u8]> {
        match self.rest.split_at_checked(size) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => bail!("there are fewer values than the type has"),
        }
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        Ok(self.bytes(N)?.try_into()?)
    }

    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub fn size(&mut self) -> Result<usize> {
        Ok(self.u32()? as usize)
    }

    pub fn text(&mut self) -> Result<&'a str> {
        let size = self.size()?;
        Ok(str::from_utf8(self.bytes(size)?)?)
    }
}

pub fn put_size(out: &mut Vec<u8>, size: usize) -> Result<()> {
    out.extend_from_slice(&u32::try_from(size)?.to_le_bytes());
    Ok(())
}
