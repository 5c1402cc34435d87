# SPDX-License-Identifier: MIT
"""Tables in Markdown and the picture, from the files that the trainings left."""

import json
import math
from statistics import mean

from data_sets import DATA_SETS

SIDES = {
    "pca": "PCA",
    "mlp-regressor": "MLPRegressor, one for each width",
    "plain": "PyTorch, one network for each width",
    "matryoshka": "PyTorch, one network, Matryoshka sum",
    "ours-each": "ours, nothing dropped, one for each width",
    "ours": "ours",
}


def file_of(folder, name, side, seed):
    return folder / f"{name}-{side}-{seed}.json"


def read(folder, name, side, seeds):
    """Means over the seeds that are there; None where there is none."""
    paths = [file_of(folder, name, side, seed) for seed in range(seeds)]
    runs = [json.loads(path.read_text()) for path in paths if path.exists()]
    if not runs:
        return None
    average = {
        what: {k: mean(run[what][k] for run in runs) for k in runs[0][what]}
        for what in ("errors", "accuracy")
    }
    average["seconds"] = mean(run["seconds"] for run in runs)
    average["chosen"] = [run["chosen"][0] for run in runs if run["chosen"]]
    average["seeds"] = len(runs)
    return average


def numbers_for(errors, most):
    """The fewest numbers at which the error is no higher."""
    enough = [int(k) for k, error in errors.items() if error <= most]
    return str(min(enough)) if enough else "none"


def line(*cells):
    print("| " + " | ".join(cells) + " |")


def print_price(found, widths):
    """What ordering costs where all else is the same."""
    if "ours" not in found or "ours-each" not in found:
        return
    ratios = {k: found["ours"]["errors"][k] / found["ours-each"]["errors"][k] for k in widths}
    worst = max(ratios, key=ratios.get)
    print(
        f"\nOurs over a network for each width, trained alike: {mean(ratios.values()):.2f} on average, "
        f"{ratios[worst]:.2f} at worst (k = {worst})."
    )


def print_data_set(folder, name, seeds):
    data = DATA_SETS[name]
    found = {side: run for side in SIDES if (run := read(folder, name, side, seeds))}
    if "pca" not in found:
        return
    goals = [found["pca"]["errors"][str(data.widths[place])] for place in (4, 6)]
    heads = [str(k) for k in data.widths]
    print(f"\n### {data.text[0].upper()}{data.text[1:]}\n")
    needed = [f"numbers for {100 * goal:.1f} %" for goal in goals]
    line("error, %", *heads, *needed, "seconds", "k chosen", "seeds")
    line(*["---"] * 13)
    for side, run in found.items():
        chosen = "/".join(map(str, sorted(set(run["chosen"]))))
        line(
            SIDES[side],
            *(f"{100 * run['errors'][k]:.1f}" for k in heads),
            *(numbers_for(run["errors"], goal) for goal in goals),
            f"{run['seconds']:.1f}",
            chosen,
            str(run["seeds"]) if side != "pca" else "",
        )
    print_price(found, heads)
    if not found["pca"]["accuracy"]:
        return
    print()
    line("accuracy of 5 nearest neighbours, %", *heads)
    line(*["---"] * 8)
    for side, run in found.items():
        line(SIDES[side], *(f"{100 * run['accuracy'][k]:.1f}" for k in heads))
    print(f"\nOn the columns themselves: {100 * found['pca']['accuracy']['all']:.1f} %.")


def print_all(folder, seeds):
    for name in DATA_SETS:
        print_data_set(folder, name, seeds)


# One panel for each data set, and one that says which line is whose: error against k, both by powers.
PANEL, LEFT, TOP = (250, 190), 50, 70
COLOURS = ("orange", "purple", "green", "grey", "blue", "blue solid")
HEAD = """<svg xmlns="http://www.w3.org/2000/svg" width="920" height="580" viewBox="0 0 920 580" role="img">
<title>Error of the first k numbers, five data sets</title>
<desc>Error on rows not trained on against the numbers kept, for PCA, MLPRegressor, plain autoencoders, a
Matryoshka sum, ours trained for each width, and an ordered model; the tables of the page hold the
figures.</desc>
<style>
text{font:12px system-ui,'Segoe UI','DejaVu Sans',sans-serif;fill:#3d444d}
.head{font-size:16px;font-weight:600;fill:#1f2328}.strong{font-weight:600}
.page{fill:#fff}.grid{stroke:#e4e7eb}.line{stroke-width:2;fill:none}
.orange{stroke:#bc4c00;stroke-dasharray:8 4}.purple{stroke:#8250df;stroke-dasharray:5 3}
.green{stroke:#1a7f37;stroke-dasharray:2 3}.grey{stroke:#57606a;stroke-dasharray:12 3 2 3}
.blue{stroke:#0969da;stroke-dasharray:3 2}.solid{stroke-dasharray:none;stroke-width:2.6}
@media (prefers-color-scheme:dark){text{fill:#b9c1cb}.head{fill:#f0f6fc}.page{fill:#0d1117}
.grid{stroke:#262c36}.orange{stroke:#f0883e}.purple{stroke:#bc8cff}.green{stroke:#3fb950}
.grey{stroke:#9198a1}.blue{stroke:#58a6ff}}
</style>
<rect class="page" width="920" height="580"/>
<text class="head" x="20" y="28">Error of the first k numbers, % of the error of the mean</text>
"""


def panel(name, found, x0, y0):
    data = DATA_SETS[name]
    curves = {
        side: [(k, 100 * run["errors"][str(k)]) for k in data.widths] for side, run in found.items()
    }
    low = min(error for curve in curves.values() for _, error in curve) * 0.9

    def x(k):
        return x0 + PANEL[0] * math.log(k) / math.log(data.widths[-1])

    def y(error):
        return y0 + PANEL[1] * math.log(100 / error) / math.log(100 / low)

    yield f'<text class="strong" x="{x0}" y="{y0 - 8}">{data.text}</text>'
    for error in (1, 2, 5, 10, 20, 30, 50, 70, 100):
        if error >= low:
            yield f'<path class="grid" d="M{x0} {y(error):.1f}h{PANEL[0]}"/>'
            yield f'<text x="{x0 - 6}" y="{y(error) + 4:.1f}" text-anchor="end">{error}</text>'
    for k in data.widths:
        yield f'<text x="{x(k):.1f}" y="{y0 + PANEL[1] + 16}" text-anchor="middle">{k}</text>'
    for side, colour in zip(SIDES, COLOURS, strict=True):
        if side in curves:
            points = " ".join(f"{x(k):.1f},{y(error):.1f}" for k, error in curves[side])
            yield f'<polyline class="line {colour}" points="{points}"/>'


def picture(folder, seeds):
    parts = [HEAD]
    for place, name in enumerate(DATA_SETS):
        found = {side: run for side in SIDES if (run := read(folder, name, side, seeds))}
        if found:
            parts += panel(name, found, LEFT + place % 3 * 300, TOP + place // 3 * 260)
    for place, (text, colour) in enumerate(zip(SIDES.values(), COLOURS, strict=True)):
        y = 360 + 24 * place
        parts.append(
            f'<path class="line {colour}" d="M620 {y}h36"/><text x="664" y="{y + 4}">{text}</text>'
        )
    return "\n".join(parts) + "\n</svg>\n"
