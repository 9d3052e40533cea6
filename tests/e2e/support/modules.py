"""Modules that many tests use, as text. They are compiled here by another program than the server under test."""

import functools
import hashlib

import wasmtime

from support.binary import section


@functools.cache
def wasm(text: str) -> bytes:
    return bytes(wasmtime.wat2wasm(text))


ADD = """(module
  (func (export "add") (param $a i32) (param $b i32) (result i32)
    local.get $a local.get $b i32.add))"""

SUB = """(module
  (func (export "sub") (param $a i32) (param $b i32) (result i32)
    local.get $a local.get $b i32.sub))"""

# Two exports, so no function is chosen by the rule.
ADD_SUB = """(module
  (func (export "add") (param $a i32) (param $b i32) (result i32) local.get $a local.get $b i32.add)
  (func (export "sub") (param $a i32) (param $b i32) (result i32) local.get $a local.get $b i32.sub))"""

# The bits of every float, in and out, without the JSON form of floats on the other side.
BITS = """(module
  (func (export "i32") (param i32) (result i32) local.get 0)
  (func (export "i64") (param i64) (result i64) local.get 0)
  (func (export "f32") (param f32) (result f32) local.get 0)
  (func (export "f64") (param f64) (result f64) local.get 0)
  (func (export "v128") (param v128) (result v128) local.get 0)
  (func (export "f32_bits") (param f32) (result i32) local.get 0 i32.reinterpret_f32)
  (func (export "f64_bits") (param f64) (result i64) local.get 0 i64.reinterpret_f64)
  (func (export "f32_of") (param i32) (result f32) local.get 0 f32.reinterpret_i32)
  (func (export "f64_of") (param i64) (result f64) local.get 0 f64.reinterpret_i64)
  (func (export "lane") (param v128) (result i32 i32 i32 i32)
    local.get 0 i8x16.extract_lane_u 0   local.get 0 i8x16.extract_lane_u 1
    local.get 0 i8x16.extract_lane_u 15  local.get 0 i32x4.extract_lane 0)
  (func (export "splat") (param i32) (result v128) local.get 0 i32x4.splat)
  (func (export "many") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
    local.get 3 local.get 2 local.get 1 local.get 0)
  (func (export "none")))"""

# Writes its environment, a variable a line, to its standard output.
PRINTENV = r"""
(module
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func (export "_start") (local $i i32)
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (drop (call $get (i32.const 1024) (i32.const 4096)))
    (loop $more
      (if (i32.lt_u (local.get $i) (i32.load (i32.const 4))) (then
        (if (i32.eqz (i32.load8_u (i32.add (i32.const 4096) (local.get $i))))
          (then (i32.store8 (i32.add (i32.const 4096) (local.get $i)) (i32.const 10))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $more))))
    (i32.store (i32.const 16) (i32.const 4096))
    (i32.store (i32.const 20) (i32.load (i32.const 4)))
    (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))))
"""

SPIN = """(module
  (func $leaf)
  (func (export "spin") (loop $l br $l))
  (func (export "spin_calls") (loop $l call $leaf br $l))
  (func (export "quick") (result i32) i32.const 7))"""

# Counts down from n: a call of a length that the test chooses.
COUNT = """(module
  (func (export "count") (param $n i64) (result i64)
    (loop $l
      local.get $n i64.const 1 i64.sub local.tee $n
      i64.const 0 i64.gt_s br_if $l)
    local.get $n))"""

# A counter in memory and in a global: shows whether one call sees another's instance.
COUNTER = """(module
  (memory 1)
  (global $g (mut i32) (i32.const 0))
  (func (export "next") (result i32 i32)
    i32.const 0  i32.const 0 i32.load i32.const 1 i32.add  i32.store
    global.get $g i32.const 1 i32.add global.set $g
    i32.const 0 i32.load  global.get $g))"""


def distinct(number: int, size: int = 0) -> bytes:
    """A valid module that differs for every number; at least `size` bytes, all of them hashed and stored."""
    filler = hashlib.sha256(f"distinct {number}".encode()).digest()
    filler = (filler * (size // len(filler) + 1))[:max(size, len(filler))]
    # A custom section named "f".
    payload = b"\x01f" + filler
    return wasm(ADD) + section(0, payload)
