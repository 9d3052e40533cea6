"""Valid modules of any size: one exported function, and a custom section of random bytes that makes each its own."""

import random

HEADER = b"\0asm\1\0\0\0"
# (func (export NAME) (result i32) i32.const 42)
TYPE_SECTION = bytes([1, 5, 1, 0x60, 0, 1, 0x7F])
FUNCTION_SECTION = bytes([3, 2, 1, 0])
CODE_SECTION = bytes([10, 6, 1, 4, 0, 0x41, 42, 0x0B])


def varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def section(kind: int, content: bytes) -> bytes:
    return bytes([kind]) + varint(len(content)) + content


def make_module(rng: random.Random, size: int, function: str) -> bytes:
    name = function.encode()
    export = section(7, b"\1" + varint(len(name)) + name + b"\0\0")
    payload = section(0, b"\6filler" + rng.randbytes(size))
    return HEADER + TYPE_SECTION + FUNCTION_SECTION + export + CODE_SECTION + payload


def random_size(rng: random.Random) -> int:
    """Mostly small, as modules of a test would be; sometimes large enough to be cut off in the middle."""
    return rng.choice([0, 20, 500, 3_000, 3_000, 40_000, 400_000])
