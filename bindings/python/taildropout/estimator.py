# SPDX-License-Identifier: MIT
"""An ordered autoencoder in the manner of scikit-learn, by the installed program. Needs NumPy alone."""

from __future__ import annotations

import inspect
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .choose import choose_k
from .file_format import parse, write_whole


class NotFittedError(ValueError, AttributeError):
    """A model was asked for something before it was fitted."""


@dataclass(frozen=True)
class ScreeCurve:
    """Held-out loss at k = 0..n, measured while fitting, in the scaled space.

    Attributes:
        loss: [n + 1].
        se: [n + 1] standard errors.
        pca: [n + 1] loss of PCA on the same rows, or None.
        rows: rows held out.
    """

    loss: np.ndarray
    se: np.ndarray
    pca: np.ndarray | None
    rows: int


def find_program() -> str:
    """The path of the program: TAILDROPOUT_PROGRAM, else `taildropout` on PATH.

    Raises:
        RuntimeError: there is none.
    """
    named = os.environ.get("TAILDROPOUT_PROGRAM")
    found = shutil.which(named or "taildropout")
    if found is None:
        where = f"TAILDROPOUT_PROGRAM = {named}" if named else "on PATH"
        raise RuntimeError(
            f"OrderedAutoencoder runs the program taildropout, which is not there ({where}); build it "
            "with scripts/build and put it on PATH, or name it in TAILDROPOUT_PROGRAM"
        )
    return found


def _run(command: str, *arguments: str | Path) -> None:
    done = subprocess.run(
        [find_program(), command, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        kind = ValueError if done.returncode in (1, 2) else RuntimeError
        raise kind(f"taildropout {command}: {lines[-1]}")


class OrderedAutoencoder:
    """An autoencoder whose features come in order of use: a non-linear PCA, any width after one fit.

    Args:
        n_features: n, the number of ordered features; None lets the program decide.
        architecture: layers between input and output, as "512-256-[64]-256-512"; None is made from
            n_features.
        law: how k is drawn in training, as `taildropout fit --law`.
        p: mean share of features dropped.
        k_min: no k below this.
        epochs, batch_size, learning_rate: of the training; None is the program's default.
        valid: share of rows held out.
        scale: "auto", "none", "standard", "minmax" or "byte".
        seed: the same seed gives the same model.
        threads: None is one for each processor. Results do not depend on it.

    Attributes:
        scree_: the held-out loss at every k, a ScreeCurve; `choose_k` reads it.
        n_features_: n of the model.
        n_features_in_: columns of the data.
        model_: the bytes of the model file.

    Example:
        >>> model = OrderedAutoencoder(8).fit(X)                   # doctest: +SKIP
        >>> codes = model.transform(X, k=model.choose_k("auto"))   # doctest: +SKIP
        >>> again = model.inverse_transform(codes)                 # doctest: +SKIP
    """

    def __init__(
        self,
        n_features: int | None = None,
        *,
        architecture: str | None = None,
        law: str | None = None,
        p: float | None = None,
        k_min: int | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        valid: float | None = None,
        scale: str | None = None,
        seed: int = 0,
        threads: int | None = None,
    ) -> None:
        self.n_features = n_features
        self.architecture = architecture
        self.law = law
        self.p = p
        self.k_min = k_min
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.valid = valid
        self.scale = scale
        self.seed = seed
        self.threads = threads

    # --- parameters, as scikit-learn asks for them ---

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The arguments of the constructor."""
        names = inspect.signature(type(self).__init__).parameters
        return {name: getattr(self, name) for name in names if name != "self"}

    def set_params(self, **params: Any) -> OrderedAutoencoder:
        """Sets arguments of the constructor.

        Raises:
            ValueError: one that it does not have.
        """
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise ValueError(f"{name!r} is no parameter of OrderedAutoencoder: {list(known)}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        given = inspect.signature(type(self).__init__).parameters
        shown = [f"{k}={v!r}" for k, v in self.get_params().items() if v != given[k].default]
        return f"OrderedAutoencoder({', '.join(shown)})"

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    # --- fitting ---

    def _options(self) -> list[str]:
        options = {
            "--features": self.n_features if self.architecture is None else None,
            "--arch": self.architecture,
            "--law": self.law,
            "--p": self.p,
            "--k-min": self.k_min,
            "--epochs": self.epochs,
            "--batch": self.batch_size,
            "--lr": self.learning_rate,
            "--valid": self.valid,
            "--scale": self.scale,
            "--seed": self.seed,
            "--threads": self.threads,
        }
        return [text for name, v in options.items() if v is not None for text in (name, str(v))]

    def fit(self, X: Any, y: Any = None) -> OrderedAutoencoder:
        """Fits the model.

        Args:
            X: [rows, columns] numbers; bytes stay bytes.
            y: not used.

        Raises:
            ValueError: data or options that the program refuses, with its message.
            RuntimeError: no program.
        """
        data = _table(X)
        with _folder() as folder:
            np.save(folder / "data.npy", data)
            model = folder / "model.safetensors"
            _run("fit", folder / "data.npy", "-o", model, *self._options())
            self.model_ = model.read_bytes()
        self.n_features_in_ = data.shape[1]
        _, metadata = parse(self.model_, "the fitted model")
        self._read(metadata)
        return self

    def _read(self, metadata: dict[str, str]) -> None:
        curve = json.loads(metadata["validation"])
        pca = np.array(curve["pca"]) if curve.get("pca") else None
        self.scree_ = ScreeCurve(np.array(curve["loss"]), np.array(curve["se"]), pca, curve["rows"])
        self.n_features_ = len(self.scree_.loss) - 1

    # --- use ---

    def choose_k(self, rule: str | int = "auto") -> int:
        """The k that a rule picks on `scree_`; see `taildropout.choose_k`."""
        self._need_fit()
        return choose_k(self.scree_, rule)

    def transform(self, X: Any, k: int | None = None) -> np.ndarray:
        """The first k (None: all) features of each row, [rows, k] float32."""
        self._need_fit()
        chosen = [] if k is None else ["-k", str(k)]
        return self._through("encode", _table(X), *chosen)

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """fit, then transform."""
        return self.fit(X).transform(X)

    def inverse_transform(self, codes: Any) -> np.ndarray:
        """What codes of any width up to n stand for, [rows, columns] in the units of the data."""
        self._need_fit()
        values = self._through("decode", np.asarray(codes, np.float32))
        return values.reshape(len(values), -1)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Writes the model file, for the program or `taildropout.load`.

        Raises:
            FileExistsError: it exists, and `overwrite` was not asked for.
        """
        self._need_fit()
        write_whole(path, self.model_, overwrite)

    def _need_fit(self) -> None:
        if not hasattr(self, "model_"):
            raise NotFittedError("this OrderedAutoencoder is not fitted yet; call fit first")

    def _through(self, command: str, table: np.ndarray, *options: str) -> np.ndarray:
        with _folder() as folder:
            (folder / "model.safetensors").write_bytes(self.model_)
            np.save(folder / "in.npy", table)
            paths = (folder / "model.safetensors", folder / "in.npy", "-o", folder / "out.npy")
            _run(command, *paths, *options)
            return np.load(folder / "out.npy", allow_pickle=False)


def _table(X: Any) -> np.ndarray:
    table = np.asarray(X)
    if table.ndim != 2 or table.dtype.kind not in "buif":
        raise ValueError(
            f"X has to be a table of numbers [rows, columns], but has the shape {table.shape} and the "
            f"type {table.dtype}"
        )
    return table


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="taildropout-") as name:
        yield Path(name)
