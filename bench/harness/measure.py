"""Rounds in which the contestants take turns, and what comes out of them."""

import statistics
import sys
from dataclasses import dataclass, field
from typing import Callable

from harness.process import Failed


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def interleave(what: str, rounds: int, contestants: dict[str, Callable]) -> dict[str, list]:
    """ABAB...: what one round measures of each was measured within seconds of each other."""
    results = {name: [] for name in contestants}
    for number in range(rounds):
        shown = []
        for name, measure in contestants.items():
            result = measure()
            results[name].append(result)
            shown.append(f"{name} {brief(result)}")
        say(f"  {what}, round {number + 1} of {rounds}: " + ", ".join(shown))
    return results


def brief(result) -> str:
    return f"{result.per_second:,.0f}/s" if hasattr(result, "per_second") else f"{result:,.6g}"


@dataclass
class Row:
    """One line of the table: a goal, our values and the peer's, one of each per round, and the ratio within a round.
    The goal is one of the ratio, unless `absolute`; so without the peer there is none. `at_least`: more is better."""
    goal: str  # number in the list of goals
    what: str
    unit: str
    ours: list[float]
    peer: list[float] = field(default_factory=list)
    peer_name: str = ""
    target: float | None = None
    at_least: bool = True
    absolute: bool = False
    note: str = ""
    extra: dict = field(default_factory=dict)

    def ratios(self) -> list[float]:
        return [mine / theirs for mine, theirs in zip(self.ours, self.peer) if theirs]

    def figure(self) -> float:
        return statistics.median(self.ratios() or self.ours)

    def met(self) -> bool | None:
        if self.target is None or not (self.absolute or self.peer):
            return None
        return self.figure() >= self.target if self.at_least else self.figure() <= self.target

    def record(self) -> dict:
        return {"goal": self.goal, "what": self.what, "unit": self.unit, "peer_name": self.peer_name,
                "ours": [round(v, 6) for v in self.ours], "peer": [round(v, 6) for v in self.peer],
                "ratio": round(self.figure(), 4) if self.peer else None, "target": self.target,
                "at_least": self.at_least, "absolute": self.absolute, "met": self.met(), "note": self.note, **self.extra}


@dataclass
class Curve:
    """Points of a plot: x, and the values measured there. Rounds of a curve are its points' lists."""
    name: str
    x: list[float] = field(default_factory=list)
    values: list[list[float]] = field(default_factory=list)

    def add(self, x: float, values: list[float]) -> None:
        self.x.append(x)
        self.values.append(values)

    def record(self) -> dict:
        return {"name": self.name, "x": self.x, "values": self.values}


def over(connections: int) -> str:
    return f"{connections:,} connection{'s' if connections != 1 else ''}"


def check_answer(server, path: str, body: bytes, wanted: bytes, headers: dict) -> None:
    """Before anything is timed: it does what it is timed for."""
    status, answer = server.ask("POST", path, body, headers)
    if status != 200 or wanted not in answer.replace(b" ", b""):
        raise Failed(f"{server.name} answered {status} {answer[:300]!r}, not {wanted!r}")
