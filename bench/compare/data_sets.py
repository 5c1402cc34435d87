# SPDX-License-Identifier: MIT
"""The five data sets: rows to train on and rows to read, with labels where there are any.

Pixels are divided by their largest value. Other numbers are centred on the columns' means and divided
by one number, the standard deviation of all entries, both of the training rows: columns keep their
relative sizes, as one would leave them for PCA.
"""

import ast
import gzip
import importlib.util
import pathlib
import re
from dataclasses import dataclass

import numpy as np

FASHION_MNIST = pathlib.Path("/usr/share/datasets/fashion-mnist")


@dataclass
class DataSet:
    text: str  # for the tables
    hidden: tuple  # the two layers in front of the code; the decoder has them in reverse
    widths: tuple  # the seven; the last is n
    epochs: int
    load: callable  # -> train, test, labels of both or None


def fashion_mnist_images(part):
    with gzip.open(FASHION_MNIST / f"{part}-images-idx3-ubyte.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 784)


def fashion_mnist_labels(part):
    with gzip.open(FASHION_MNIST / f"{part}-labels-idx1-ubyte.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=8)


def fashion_mnist():
    train, test = slice(0, 10000), slice(0, 2000)
    return (
        fashion_mnist_images("train")[train] / np.float32(255),
        fashion_mnist_images("t10k")[test] / np.float32(255),
        fashion_mnist_labels("train")[train],
        fashion_mnist_labels("t10k")[test],
    )


def digits():
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order].astype(np.float32) / 16, y[order]
    return x[:1297], x[1297:], y[:1297], y[1297:]


def scaled(x, rows, y=None):
    """The first rows to train on, the others to read."""
    x = x - x[:rows].mean(axis=0)
    x = (x / x[:rows].std()).astype(np.float32)
    return x[:rows], x[rows:], None if y is None else y[:rows], None if y is None else y[rows:]


def spectra():
    """Absorption of six substances in 256 channels. What bends the data: a temperature moves and widens
    the peaks, and stray light flattens strong ones. A slope of the base line and noise of 1 % besides."""
    rng = np.random.default_rng(1)
    rows, channels = 5000, np.linspace(0, 1, 256)
    amount = rng.gamma(2.0, 0.5, (rows, 6, 1))
    warmth = rng.normal(size=(rows, 1))
    absorbed = np.zeros((rows, 256))
    for substance in range(6):
        for _ in range(4):
            place, width, height = (
                rng.uniform(0.05, 0.95),
                rng.uniform(0.01, 0.04),
                rng.uniform(0.2, 1),
            )
            shift, widening = rng.normal(0, 0.008), rng.uniform(0, 0.15)
            distance = (channels - place - shift * warmth) / (width * np.exp(widening * warmth))
            absorbed += height * amount[:, substance] * np.exp(-0.5 * distance**2)
    seen = -np.log10(0.97 * 10**-absorbed + 0.03)
    seen += rng.normal(0, 0.05, (rows, 1)) * channels + rng.normal(0, 0.01, (rows, 256))
    return scaled(seen, 4000)


def manifold():
    """A curved manifold of dimension 5 in 64 columns: sines of random directions, and noise of 5 %."""
    rng = np.random.default_rng(2)
    place = rng.uniform(-1, 1, (5000, 5))
    bent = np.sin(place @ rng.normal(0, 0.7, (5, 64)) + rng.uniform(0, 2 * np.pi, 64))
    x = bent @ rng.normal(0, 1 / 8, (64, 64))
    return scaled(x + rng.normal(0, 0.05 * x.std(), x.shape), 4000)


PACKAGES = ("numpy", "scipy", "sklearn", "torch")
SENTENCE = re.compile(r"[A-Z][A-Za-z0-9 ,;:()'`.\-]{39,199}\.")


def sentences(package):
    """Different sentences of the docstrings of a package."""
    found = set()
    for path in sorted(pathlib.Path(importlib.util.find_spec(package).origin).parent.rglob("*.py")):
        try:
            nodes = list(ast.walk(ast.parse(path.read_text(errors="replace"))))
        except SyntaxError:
            continue
        for node in nodes:
            if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                continue
            for paragraph in (ast.get_docstring(node) or "").split("\n\n"):
                for text in re.split(r"(?<=[.!?]) (?=[A-Z])", " ".join(paragraph.split())):
                    if SENTENCE.fullmatch(text):
                        found.add(text)
    return sorted(found)


def text():
    """2,500 sentences of each package, embedded by the model that the package wordllama ships: the mean of
    its 256-column vectors of the sentence's tokens, at length 1. The label is the package."""
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    model = pathlib.Path(importlib.util.find_spec("wordllama").origin).parent
    vectors = load_file(model / "weights" / "l2_supercat_256.safetensors")["embedding.weight"]
    tokens = Tokenizer.from_file(str(model / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    rng = np.random.default_rng(3)
    lines = np.concatenate([rng.permutation(sentences(package))[:2500] for package in PACKAGES])
    y = np.repeat(np.arange(len(PACKAGES)), 2500)
    encoded = tokens.encode_batch(list(lines), add_special_tokens=False)
    x = np.stack([vectors[line.ids].astype(np.float32).mean(axis=0) for line in encoded])
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    order = rng.permutation(len(x))
    return scaled(x[order], 8000, y[order])


DATA_SETS = {
    "fashion-mnist": DataSet(
        "Fashion-MNIST, 784 columns", (256, 128), (1, 2, 4, 8, 16, 32, 64), 20, fashion_mnist
    ),
    "digits": DataSet(
        "digits of scikit-learn, 64 columns", (128, 64), (1, 2, 4, 6, 8, 12, 16), 200, digits
    ),
    "spectra": DataSet("spectra, 256 columns", (128, 64), (1, 2, 4, 6, 8, 12, 16), 60, spectra),
    "text": DataSet("text embeddings, 256 columns", (256, 128), (1, 2, 4, 8, 16, 32, 64), 20, text),
    "manifold": DataSet(
        "manifold of dimension 5, 64 columns", (128, 64), (1, 2, 4, 5, 6, 8, 16), 100, manifold
    ),
}
