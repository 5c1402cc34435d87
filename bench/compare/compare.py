# SPDX-License-Identifier: MIT
"""Should I use this? Five data sets, six sides; scripts/compare calls it.

    compare.py PROGRAM FOLDER [--only SIDE] [--data NAME] [--seeds N] [--svg FILE] [--print]

Each training leaves a small file in FOLDER; what is there is not trained again, so a run may be ended and
started anew. --print trains nothing and prints the tables of what is there."""

import argparse
import json
import pathlib

import numpy as np

import sides
import tables
from data_sets import DATA_SETS


def nearest_neighbour_accuracy(codes, labels, test_codes, test_labels):
    from sklearn.neighbors import KNeighborsClassifier

    model = KNeighborsClassifier(5).fit(codes, labels)
    return float(model.score(test_codes, test_labels))


def load(name, folder):
    """Kept in FOLDER, since reading the text takes a minute."""
    path = folder / f"{name}.npz"
    if not path.exists():
        parts = zip(("train", "test", "labels", "test_labels"), DATA_SETS[name].load())
        np.savez(path, **{part: array for part, array in parts if array is not None})
    return np.load(path)


def train(side, name, seed, folder):
    rows = load(name, folder)
    errors, codes, seconds, *chosen = side(DATA_SETS[name], rows["train"], rows["test"], seed)
    accuracy = {}
    if "labels" in rows:
        labels, test_labels = rows["labels"], rows["test_labels"]
        for k, (code, test_code) in codes.items():
            accuracy[k] = nearest_neighbour_accuracy(code, labels, test_code, test_labels)
        accuracy["all"] = nearest_neighbour_accuracy(
            rows["train"], labels, rows["test"], test_labels
        )
    return {"errors": errors, "accuracy": accuracy, "seconds": seconds, "chosen": chosen}


def main():
    parser = argparse.ArgumentParser(prog="scripts/compare")
    parser.add_argument("program")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", choices=tables.SIDES)
    parser.add_argument("--data", choices=DATA_SETS)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--svg", type=pathlib.Path)
    parser.add_argument("--print", action="store_true", dest="only_print")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    program = sides.Program(options.program)
    trainers = {
        "pca": sides.pca,
        "mlp-regressor": sides.mlp_regressor,
        "plain": sides.plain,
        "matryoshka": sides.matryoshka,
        "ours-each": program.each_width,
        "ours": program.ordered,
    }
    for seed in range(0 if options.only_print else options.seeds):
        for name in [options.data] if options.data else DATA_SETS:
            for side in [options.only] if options.only else trainers:
                path = tables.file_of(options.folder, name, side, seed)
                if not path.exists():
                    print(path.stem, flush=True)
                    text = json.dumps(train(trainers[side], name, seed, options.folder))
                    path.with_suffix(".part").write_text(text)
                    path.with_suffix(".part").rename(path)
    tables.print_all(options.folder, options.seeds)
    if options.svg:
        options.svg.write_text(tables.picture(options.folder, options.seeds))


if __name__ == "__main__":
    main()
