#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the tables of docs/examples.md as .csv files into a folder: write_tables.py FOLDER

Four data sets that scikit-learn ships (pip install scikit-learn), with the names of their columns,
labels as text, and two generated ones: spectra of five substances, and the same with spikes."""

import csv
import math
import random
import sys
from pathlib import Path

from sklearn import datasets


def write(path: Path, names, rows) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(rows)


def of_scikit_learn(bunch, target: str, labels=None):
    names = [str(name).replace(" ", "_") for name in bunch.feature_names] + [target]
    rows = (
        [*(f"{value:g}" for value in row), labels[int(y)] if labels is not None else f"{y:g}"]
        for row, y in zip(bunch.data, bunch.target)
    )
    return names, rows


def spectra(rows: int, channels: int, substances: int):
    """Mixtures of substances, each two bell-shaped lines, with noise: of rank `substances`."""
    draw = random.Random(1)
    lines = [[(draw.uniform(0, channels), draw.uniform(2, 6)) for _ in range(2)]
             for _ in range(substances)]
    pure = [[sum(math.exp(-((c - at) / width) ** 2) for at, width in line) for c in range(channels)]
            for line in lines]
    names = [f"nm_{400 + 5 * c}" for c in range(channels)]
    table = []
    for _ in range(rows):
        share = [draw.expovariate(1.0) for _ in range(substances)]
        table.append([
            f"{sum(s * p[c] for s, p in zip(share, pure)) + draw.gauss(0, 0.02):.4f}"
            for c in range(channels)
        ])
    return names, table


def with_spikes(table, share: float):
    """The table with something far too large added to a share of its numbers, as cosmic rays do."""
    draw = random.Random(2)
    return [[f"{float(cell) + (draw.uniform(5, 20) if draw.random() < share else 0):.4f}"
             for cell in row] for row in table]


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    digits, wine = datasets.load_digits(), datasets.load_wine()
    cancer, diabetes = datasets.load_breast_cancer(), datasets.load_diabetes()
    write(folder / "digits.csv", *of_scikit_learn(digits, "digit"))
    write(folder / "wine.csv", *of_scikit_learn(wine, "cultivar", wine.target_names))
    write(folder / "cancer.csv", *of_scikit_learn(cancer, "diagnosis", cancer.target_names))
    write(folder / "diabetes.csv", *of_scikit_learn(diabetes, "progression"))
    names, table = spectra(2000, 60, 5)
    write(folder / "spectra.csv", names, table)
    write(folder / "spikes.csv", names, with_spikes(table, 0.01))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: write_tables.py FOLDER")
    main(Path(sys.argv[1]))
