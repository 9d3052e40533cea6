"""Results as JSON, one file per goal's measurement, and the table that bench/README.md shows of all of them."""

import json
import os
import pathlib
import platform
import re
import subprocess
import time

from harness.measure import Row

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
ORDER = ("execute", "save", "read", "tls", "isolation", "flood", "start", "memory", "first_answer", "growth", "components",
         "inprocess")
HEAD = ("| # | Measure | wasm-server | Beside it | Ratio | Goal | |\n"
        "|---|---|---|---|---|---|---|\n")


def machine() -> str:
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", info)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return f"{os.cpu_count()} cores of {model.group(1) if model else '?'}, {memory} GiB, Linux {platform.release()}"


def commit(root: pathlib.Path) -> str:
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=root, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def write(results: pathlib.Path, root: pathlib.Path, name: str, rows: list[Row], plots: list, settings: dict) -> None:
    results.mkdir(parents=True, exist_ok=True)
    content = {
        "name": name, "measured_at": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime()), "commit": commit(root),
        "machine": machine(), **settings, "rows": [row.record() for row in rows],
        "plots": [dict(zip(("name", "x", "y", "curves"), plot)) for plot in plots]}
    (results / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")


def read_all(results: pathlib.Path) -> list[dict]:
    return [json.loads(path.read_text()) for name in ORDER if (path := results / f"{name}.json").exists()]


def number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def spread(values: list[float]) -> str:
    """Median (least-most)."""
    ordered = sorted(values)
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    if len(ordered) < 2:
        return number(middle)
    return f"{number(middle)} ({number(ordered[0])}-{number(ordered[-1])})"


def line(row: dict) -> str:
    ours = f"{spread(row['ours'])} {row['unit']}"
    peer = f"{row['peer_name']}: {spread(row['peer'])}" if row["peer"] else row["peer_name"] or "-"
    ratio = f"{number(row['ratio'])}x" if row["ratio"] is not None else "-"
    goal, mark = "-", ""
    if row["target"] is not None:
        unit = " " + row["unit"] if row["absolute"] else "x"
        goal = f"{'>=' if row['at_least'] else '<='} {number(row['target'])}{unit}"
        mark = {True: "met", False: "**missed**", None: ""}[row["met"]]
    note = f" ({row['note']})" if row["note"] else ""
    return f"| {row['goal']} | {row['what']}{note} | {ours} | {peer} | {ratio} | {goal} | {mark} |\n"


def table(all_results: list[dict]) -> str:
    rows = [row for result in all_results for row in result["rows"]]
    rows.sort(key=lambda row: (int(re.match(r"\d+", row["goal"]).group()), row["goal"]))
    return HEAD + "".join(map(line, rows))


def stated(result: dict) -> str:
    noise = f", others used {result['foreign']:.0%} of the CPU time" if result.get("foreign") is not None else ""
    return (f"- `{result['name']}`: commit {result['commit']}, {result['measured_at']}, {result['rounds']} rounds of "
            f"{result['seconds']} s{noise}; {result['machine']}\n")


def update_readme(readme: pathlib.Path, results: pathlib.Path, pictures: list[pathlib.Path]) -> None:
    found = read_all(results)
    links = "".join(f"![{p.stem}]({p.relative_to(readme.parent)})\n" for p in pictures)
    block = (f"{BEGIN}\n{table(found)}\nMedian (least-most) of all rounds; the ratio is the median of the rounds' own "
             f"ratios. Measured:\n\n{''.join(map(stated, found))}\n{links}{END}")
    text = readme.read_text()
    readme.write_text(re.sub(f"{BEGIN}.*?{END}", lambda _: block, text, flags=re.S))
