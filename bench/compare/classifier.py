# SPDX-License-Identifier: MIT
"""A classifier with a tail layer beside the same network without one, on Fashion-MNIST;
scripts/compare --classifier calls it.

    classifier.py PROGRAM FOLDER [--report] [--only NAME] [--seeds N] [--print]

Without --report 50,000 of the training rows are trained on and the other 10,000 are read, to choose settings
by, the number of epochs among them; with it all 60,000 are trained on and the 10,000 test rows are read. Each
training leaves a small file in FOLDER: for each row that was read, whether the answer was right at full and
at a quarter of the width."""

import argparse
import pathlib
import subprocess
import tempfile

import numpy as np

from data_sets import fashion_mnist_images, fashion_mnist_labels

FULL, QUARTER = 128, 32
# Of every network.
COMMON = "--balance none --batch 64 --lr 0.0015 --average 0.995 --optimizer adam"
EPOCHS = (10, 20)
# name -> what is trained, and the options of fit
NETWORKS = {"full": (FULL, "--p 0"), "quarter": (QUARTER, "--p 0")}
TAILS = {
    "p=0.1": "--law exponential --p 0.1",
    "p=0.25": "--law exponential --p 0.25",
    "85-10": "--law table:FOLDER/85-10",
}
CHOSEN = ("p=0.1", 20)


def write_laws(folder):
    """Weights of k = 0..n: 85 % of the rows keep all, 10 % a quarter, the others 8 or more."""
    weights = np.zeros(FULL + 1)
    weights[8:] = 5 / (FULL + 1 - 8)
    weights[FULL] += 85
    weights[QUARTER] += 10
    np.savetxt(folder / "85-10", weights)


def run(program, *words):
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)


class Rows:
    def __init__(self, report):
        images, labels = fashion_mnist_images("train"), fashion_mnist_labels("train")
        cut = 60000 if report else 50000
        self.train, self.labels = images[:cut], labels[:cut]
        self.read = fashion_mnist_images("t10k") if report else images[cut:]
        self.truth = fashion_mnist_labels("t10k") if report else labels[cut:]

    def right(self, program, features, options, seed, widths):
        """Whether the answer at each width is right, for each row that is read."""
        with tempfile.TemporaryDirectory() as folder:
            at = pathlib.Path(folder)
            np.save(at / "train.npy", self.train)
            np.save(at / "labels.npy", self.labels)
            np.save(at / "read.npy", self.read)
            write_laws(at)
            options = options.replace("FOLDER", folder)
            run(program, "fit", at / "train.npy", "--target", at / "labels.npy", "-o", at / "model",
                "--arch", f"512-relu-[{features}]-relu", "--seed", seed, "--threads", 1,
                "--valid", 0.002, "--keep-last", "--quiet", *COMMON.split(), *options.split())  # fmt: skip
            answers = []
            for k in widths:
                run(program, "predict", at / "model", at / "read.npy", "-o", at / "p.npy", "-k", k, "--force",
                    "--threads", 1)  # fmt: skip
                answers.append(np.load(at / "p.npy").argmax(axis=1) == self.truth)
        return np.array(answers)


def interval(ours, other):
    """Of the difference of accuracies in points, 95 %: a paired bootstrap over the rows, seeds averaged."""
    by_row = (ours.mean(axis=0) - other.mean(axis=0)) * 100
    rng = np.random.default_rng(0)
    draws = [by_row[rng.integers(0, len(by_row), len(by_row))].mean() for _ in range(4000)]
    return by_row.mean(), *np.percentile(draws, (2.5, 97.5))


def main():
    parser = argparse.ArgumentParser(prog="scripts/compare --classifier")
    parser.add_argument("program")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--only", choices=[*NETWORKS, *TAILS])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--print", action="store_true", dest="only_print")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)

    folder, kind = options.folder, "test" if options.report else "held-out"

    def file_of(name, epochs, seed):
        return folder / f"classifier-{kind}-{name}-{epochs}-{seed}.npy"

    tails = [CHOSEN] if options.report else [(name, e) for e in EPOCHS for name in TAILS]
    wanted = [(name, e) for e in EPOCHS for name in NETWORKS] + tails
    if not options.only_print:
        rows = Rows(options.report)
        for seed in range(options.seeds):
            for name, epochs in wanted:
                path = file_of(name, epochs, seed)
                if path.exists() or options.only not in (None, name):
                    continue
                print(name, epochs, seed, flush=True)
                features, arguments = NETWORKS[name] if name in NETWORKS else (FULL, TAILS[name])
                widths = (FULL, QUARTER) if name in TAILS else (features,)
                arguments += f" --epochs {epochs}"
                np.save(path, rows.right(options.program, features, arguments, seed, widths))

    print("| setting | epochs | epochs of the others | seeds | full width, % | without a tail, % | difference "
          "| a quarter, % | trained at a quarter, % | difference |\n|" + " --- |" * 10)  # fmt: skip
    for name, epochs in tails:
        for others in EPOCHS if options.report else (epochs,):
            files = [
                [file_of(name, epochs, s), *(file_of(n, others, s) for n in NETWORKS)]
                for s in range(options.seeds)
            ]
            print_row(name, epochs, others, [f for f in files if all(p.exists() for p in f)])


def print_row(name, epochs, others, files):
    """Files of each seed: ours, then that of each network."""
    if not files:
        return
    ours = np.array([np.load(paths[0]) for paths in files])
    setting = TAILS[name].replace("FOLDER/", "")
    cells = [f"`{setting}`", str(epochs), str(others), str(len(files))]
    for width in range(len(NETWORKS)):
        other = np.array([np.load(paths[1 + width])[0] for paths in files])
        middle, low, high = interval(ours[:, width], other)
        cells += [f"{100 * ours[:, width].mean():.2f}", f"{100 * other.mean():.2f}",
                  f"{middle:+.2f} [{low:+.2f}, {high:+.2f}]"]  # fmt: skip
    print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
