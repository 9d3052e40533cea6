"""Plots of the results, as SVG with real text. Run by the Python environment that has matplotlib:
plots.py RESULTS_DIR [svg|png]; prints the files it wrote."""

import json
import pathlib
import statistics
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend goes first)
from matplotlib.ticker import FuncFormatter  # noqa: E402

OURS, PEERS = "#1f6feb", ("#d29922", "#8b949e", "#2da44e")
matplotlib.rcParams.update({
    "svg.fonttype": "none", "svg.hashsalt": "wasm-server", "font.size": 10, "font.family": "sans-serif",
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.25,
    "axes.axisbelow": True, "legend.frameon": False, "figure.facecolor": "white"})


def short(value: float, _=None) -> str:
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:g}{unit}"
    return f"{value:g}"


def whiskers(values: list[float]) -> list[list[float]]:
    middle = statistics.median(values)
    return [[middle - min(values)], [max(values) - middle]]


def bars(axes, groups: list[str], series: dict[str, list[list[float]]], unit: str) -> None:
    """One group of bars per label, one bar per contestant; a whisker from the least to the most."""
    width = 0.8 / len(series)
    for at, (name, per_group) in enumerate(series.items()):
        color = OURS if name == "wasm-server" else PEERS[(at - 1) % len(PEERS)]
        for group, values in enumerate(per_group):
            if values:
                place = group + (at - (len(series) - 1) / 2) * width
                middle = statistics.median(values)
                axes.bar(place, middle, width * 0.92, color=color, yerr=whiskers(values), ecolor="#57606a", capsize=2,
                         label=name if group == 0 else None)
                axes.annotate(short(float(f"{middle:.3g}")), (place, max(values)), ha="center", va="bottom",
                              xytext=(0, 3), textcoords="offset points", fontsize=8)
    axes.set_xticks(range(len(groups)), groups)
    axes.set_ylabel(unit)
    axes.yaxis.set_major_formatter(FuncFormatter(short))
    axes.margins(y=0.3)  # room for the legend above the bars
    axes.grid(axis="x", visible=False)
    axes.legend(loc="upper left", ncols=len(series))


def grouped(rows: list[dict], label) -> tuple[list[str], dict[str, list[list[float]]]]:
    """Rows as groups of bars: `label` names a row's group."""
    groups = list(dict.fromkeys(map(label, rows)))
    names = ["wasm-server", *dict.fromkeys(row["peer_name"] for row in rows if row["peer"])]
    series = {name: [[] for _ in groups] for name in names}
    for row in rows:
        at = groups.index(label(row))
        series["wasm-server"][at] = row["ours"]
        if row["peer"]:
            series[row["peer_name"]][at] = row["peer"]
    return groups, series


def chosen(result: dict, goals: tuple, unit: str) -> list[dict]:
    return [row for row in result["rows"] if row["goal"] in goals and row["unit"] == unit]


def plot_execute(result: dict, made) -> None:
    def last(row: dict) -> str:
        return row["what"].rsplit(", ", 1)[1].split()[0]

    figure, axes = plt.subplots(1, 2, figsize=(10, 3.8))
    for ax, goal, unit, title in ((axes[0], "1", "requests/s", "Requests per second"),
                                  (axes[1], "2", "CPU us/request", "Server CPU per request, us")):
        rows = chosen(result, (goal,), unit)
        if rows:
            bars(ax, *grouped(rows, last), unit.replace("us", "µs"))
            ax.set_xlabel("connections")
            ax.set_title(title.replace("us", "µs"))
    figure.suptitle("Execute `add`, a fresh instance each time")
    made(figure, "execute")
    rows = chosen(result, ("4",), "requests/s")
    if rows:
        figure, ax = plt.subplots(figsize=(6, 3.6))
        bars(ax, *grouped(rows, lambda row: "32 connections"), "requests/s")
        ax.set_title("Execute `add` in a fresh instance, against JavaScript runtimes")
        made(figure, "execute-fresh")


def plot_save(result: dict, made) -> None:
    rows = chosen(result, ("5",), "requests/s")
    kinds = list(dict.fromkeys((row["size"], row["different"]) for row in rows))
    figure, axes = plt.subplots(2, 2, figsize=(10, 6.6), squeeze=False)
    for ax, (size, different) in zip(axes.flat, kinds):
        mine = [row for row in rows if (row["size"], row["different"]) == (size, different)]
        bars(ax, *grouped(mine, lambda row: str(row["connections"])), "saved/s")
        ax.set_title(f"{size}, {'all different' if different else 'all equal'}")
        ax.set_xlabel("connections")
    figure.suptitle("Save, answered after the commit")
    made(figure, "save")


def plot_read(result: dict, made) -> None:
    figure, ax = plt.subplots(figsize=(7, 3.8))
    bars(ax, *grouped(chosen(result, ("7",), "requests/s"), lambda row: row["what"].split(",")[0][8:]), "requests/s")
    ax.set_yscale("log")
    ax.set_title("GET of the stored bytes, 32 connections")
    made(figure, "read")


def plot_isolation(result: dict, made) -> None:
    figure, ax = plt.subplots(figsize=(7, 3.8))
    rows = result["rows"]
    bars(ax, [row["what"].rsplit(", ", 1)[1] for row in rows],
         {"two guests spin": [row["ours"] for row in rows], "quiet": [row["peer"] for row in rows]}, "p99, µs")
    ax.set_title("How long `add` takes beside endless loops")
    made(figure, "isolation")


def plot_curves(result: dict, made) -> None:
    """What a goal gave as curves: one axes each."""
    plots = result["plots"]
    columns = min(2, len(plots))
    lines = -(-len(plots) // columns)
    figure, axes = plt.subplots(lines, columns, figsize=(5.4 * columns, 3.5 * lines), squeeze=False)
    for ax, plot in zip(axes.flat, plots):
        scale = 1e-6 if plot["y"].startswith("MB") else 1
        for at, curve in enumerate(plot["curves"]):
            color = OURS if at == 0 else PEERS[at - 1]
            middles = [statistics.median(values) * scale for values in curve["values"]]
            ax.plot(curve["x"], middles, "o-", color=color, label=curve["name"], markersize=4)
            ax.fill_between(curve["x"], [min(v) * scale for v in curve["values"]],
                            [max(v) * scale for v in curve["values"]], color=color, alpha=0.2, linewidth=0)
        steps = plot["curves"][0]["x"]
        if max(steps) >= 50 * min(steps) and plot["name"] != "memory":
            ax.set_xscale("log")
        elif len(steps) < 5:
            ax.set_xticks(steps)
        if plot["name"] == "body":
            ax.set_yscale("log")
        else:
            ax.set_ylim(bottom=0)
        ax.xaxis.set_major_formatter(FuncFormatter(short))
        ax.yaxis.set_major_formatter(FuncFormatter(short))
        ax.set_xlabel(plot["x"])
        ax.set_ylabel(plot["y"].replace("us/", "µs/"))
        if len(plot["curves"]) > 1:
            ax.legend()
    for ax in axes.flat[len(plots):]:
        ax.set_visible(False)
    figure.suptitle({"growth": "Cost of an execution as work grows", "memory": "Resident memory, idle"}[result["name"]])
    made(figure, result["name"])


PLOTS = {"execute": plot_execute, "save": plot_save, "read": plot_read, "isolation": plot_isolation,
         "growth": plot_curves, "memory": plot_curves}


def main() -> None:
    results = pathlib.Path(sys.argv[1])
    kind = sys.argv[2] if len(sys.argv) > 2 else "svg"

    def made(figure, name: str) -> None:
        figure.tight_layout()
        path = results / f"{name}.{kind}"
        figure.savefig(path, metadata={"Date": None} if kind == "svg" else None, dpi=110)
        plt.close(figure)
        print(path)

    for name, plot in PLOTS.items():
        path = results / f"{name}.json"
        if path.exists():
            plot(json.loads(path.read_text()), made)


if __name__ == "__main__":
    main()
