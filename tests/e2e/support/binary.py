"""Modules too large to be written as text: put together byte by byte (core specification, section 5)."""


def leb(value: int) -> bytes:
    """Unsigned LEB128."""
    out = bytearray()
    while True:
        byte = value & 0x7F
        value >>= 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def section(number: int, body: bytes) -> bytes:
    return bytes([number]) + leb(len(body)) + body


def large_data(data: bytes) -> bytes:
    """(module (memory N) (data (i32.const 0) "...") (func (export "at") (param i32) (result i32) i32.load8_u))"""
    pages = len(data) // 65536 + 1
    code = b"\x00\x20\x00\x2d\x00\x00\x0b"
    return (b"\0asm\x01\0\0\0" + section(1, b"\x01\x60\x01\x7f\x01\x7f") + section(3, b"\x01\x00") +
            section(5, b"\x01\x00" + leb(pages)) + section(7, b"\x01\x02at\x00\x00") +
            section(10, b"\x01" + leb(len(code)) + code) +
            section(11, b"\x01\x00\x41\x00\x0b" + leb(len(data)) + data))


def many_functions(count: int) -> bytes:
    """`count` functions, each calling the one before and adding one; the last is exported as "last".

    Only every thousandth calls, so that the call is 100 deep for 100,000 functions and not 100,000.
    """
    bodies = []
    for number in range(count):
        if number % 1000 == 999 and number >= 1000:
            code = b"\x00\x10" + leb(number - 1000) + b"\x41\x01\x6a\x0b"  # call, i32.const 1, i32.add
        else:
            code = b"\x00\x41\x01\x0b"
        bodies.append(leb(len(code)) + code)
    return (b"\0asm\x01\0\0\0" + section(1, b"\x01\x60\x00\x01\x7f") + section(3, leb(count) + b"\x00" * count) +
            section(7, b"\x01\x04last\x00" + leb(count - 1)) +
            section(10, leb(count) + b"".join(bodies)))


def many_locals(functions: int, locals: int) -> bytes:
    """Functions that do nothing and have so many locals of 64 bits each: far more to compile than to write."""
    code = b"\x01" + leb(locals) + b"\x7e\x0b"
    return (b"\0asm\x01\0\0\0" + section(1, b"\x01\x60\x00\x00") + section(3, leb(functions) + b"\x00" * functions) +
            section(7, b"\x01\x01f\x00\x00") + section(10, leb(functions) + (leb(len(code)) + code) * functions))


def nested_loops(loops: int) -> bytes:
    """One function "f" of so many loops, each within the one before."""
    code = b"\x00" + b"\x03\x40" * loops + b"\x0b" * (loops + 1)
    return (b"\0asm\x01\0\0\0" + section(1, b"\x01\x60\x00\x00") + section(3, b"\x01\x00") +
            section(7, b"\x01\x01f\x00\x00") + section(10, b"\x01" + leb(len(code)) + code))
