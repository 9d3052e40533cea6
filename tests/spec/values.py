"""The suite's values (decimal bit patterns, lanes) <-> the server's JSON."""

import json
import struct

MANTISSA = {32: 23, 64: 52}
WIDTH = {"i32": 32, "i64": 64, "f32": 32, "f64": 64}


def _float_text(bits: int, width: int) -> str:
    mantissa = MANTISSA[width]
    sign, fraction = bits >> (width - 1), bits & ((1 << mantissa) - 1)
    if (bits >> mantissa) & ((1 << (width - 1 - mantissa)) - 1) != (1 << (width - 1 - mantissa)) - 1:
        format = ">f" if width == 32 else ">d"
        return repr(struct.unpack(format, bits.to_bytes(width // 8, "big"))[0])
    word = f"nan:0x{fraction:x}" if fraction else "Infinity"
    return f'"{"-" if sign else ""}{word}"'


def to_json(value: dict) -> str:
    """One argument as JSON text."""
    if value["type"] == "v128":
        return f'"{_lanes(value).hex()}"'
    width = WIDTH[value["type"]]
    bits = int(value["value"]) % (1 << width)
    if value["type"].startswith("f"):
        return _float_text(bits, width)
    signed = bits - (1 << width) if bits >> (width - 1) else bits
    return f'"{signed}"' if width == 64 else str(signed)


def _lanes(value: dict) -> bytes:
    width = int(value["lane_type"][1:])
    return b"".join((int(lane) % (1 << width)).to_bytes(width // 8, "little") for lane in value["value"])


def from_json(text: str) -> list[str]:
    """The results as texts: numbers as they stand, so that "-0" keeps its sign."""
    return json.loads(text, parse_int=str, parse_float=str)["results"]


def float_bits(text: str, width: int) -> int:
    mantissa = MANTISSA[width]
    exponent = (1 << (width - 1)) - (1 << mantissa)
    sign = 1 << (width - 1) if text.startswith("-") else 0
    word = text.lstrip("-")
    if word == "NaN":
        return exponent | 1 << (mantissa - 1)
    if word == "Infinity":
        return sign | exponent
    if word.startswith("nan:0x"):
        return sign | exponent | int(word[4:], 16)
    return int.from_bytes(struct.pack(">f" if width == 32 else ">d", float(text)), "big")


def matches(text: str, expected: dict) -> bool:
    """Whether a result is the expected value, bit by bit, or of the expected class of NaN."""
    if expected["type"] == "v128":
        return _lanes_match(bytes.fromhex(text), expected)
    width = WIDTH[expected["type"]]
    if expected["type"].startswith("f"):
        return _bits_match(float_bits(text, width), expected["value"], width)
    return int(text) % (1 << width) == int(expected["value"]) % (1 << width)


def _bits_match(bits: int, expected: str, width: int) -> bool:
    mantissa = MANTISSA[width]
    quiet = ((1 << (width - 1)) - (1 << mantissa)) | 1 << (mantissa - 1)
    magnitude = bits & ((1 << (width - 1)) - 1)
    if expected == "nan:canonical":
        return magnitude == quiet
    if expected == "nan:arithmetic":
        return magnitude & quiet == quiet
    return bits == int(expected) % (1 << width)


def _lanes_match(data: bytes, expected: dict) -> bool:
    width = int(expected["lane_type"][1:])
    lanes = [int.from_bytes(data[n:n + width // 8], "little") for n in range(0, 16, width // 8)]
    if expected["lane_type"].startswith("f"):
        return all(_bits_match(lane, value, width) for lane, value in zip(lanes, expected["value"], strict=True))
    return all(lane == int(value) % (1 << width) for lane, value in zip(lanes, expected["value"], strict=True))
