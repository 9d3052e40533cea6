"""Components that the tests use, as text in tests/guests/components."""

import pathlib

from support.modules import wasm

DIRECTORY = pathlib.Path(__file__).resolve().parents[2] / "guests" / "components"


def component(name: str, *, replaced: tuple[str, str] = ("", ""), appended: str = "") -> bytes:
    text = (DIRECTORY / f"{name}.wat").read_text().rstrip()
    text = text.replace(*replaced, 1) if replaced[0] else text
    return wasm(text.removesuffix(")") + appended + ")")
