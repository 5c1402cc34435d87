# SPDX-License-Identifier: MIT
"""An ordered autoencoder in the manner of scikit-learn, by the installed program. Needs NumPy alone."""

from __future__ import annotations

import inspect
import json
import os
import shutil
import subprocess
import sys
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
    """A model was asked for something before it was fitted. With scikit-learn imported, its own
    NotFittedError is raised, which is both of these too."""


def _not_fitted() -> type[Exception]:
    """Ours, unless somebody may be waiting for that of scikit-learn."""
    theirs = sys.modules.get("sklearn.exceptions")
    if theirs is None:
        return NotFittedError
    return type("NotFittedError", (NotFittedError, theirs.NotFittedError), {})


@dataclass(frozen=True, eq=False)
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


def _run(folder: Path, command: str, *arguments: str) -> None:
    """Runs the program in a folder, so that messages name files without it."""
    done = subprocess.run(
        [os.path.abspath(find_program()), command, *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        kind = ValueError if done.returncode in (1, 2) else RuntimeError
        raise kind(f"taildropout {command}: {_message(done.stderr)}")


def _message(stderr: str) -> str:
    """The last message of the program, with the lines that belong to it: a caret under its place."""
    lines = stderr.rstrip().splitlines() or ["no message"]
    starts = [place for place, line in enumerate(lines) if line.startswith("taildropout: ")]
    said = lines[starts[-1] :] if starts else lines[-1:]
    return "\n".join(said).removeprefix("taildropout: ")


# Parameters that are handed to `taildropout fit` as they are, and the options that they are there.
_OPTIONS = {
    "loss": "--loss",
    "architecture": "--arch",
    "law": "--law",
    "p": "--p",
    "k_min": "--k-min",
    "independent": "--independent",
    "balance": "--balance",
    "effort": "--effort",
    "epochs": "--epochs",
    "batch_size": "--batch",
    "learning_rate": "--lr",
    "schedule": "--schedule",
    "average": "--average",
    "optimizer": "--optimizer",
    "weight_decay": "--weight-decay",
    "momentum": "--momentum",
    "clip": "--clip",
    "warm_up": "--warm-up",
    "no_center": "--no-center",
    "start": "--start",
    "keep_last": "--keep-last",
    "patience": "--patience",
    "valid": "--valid",
    "missing": "--missing",
    "scale": "--scale",
    "seed": "--seed",
    "split_seed": "--split-seed",
    "threads": "--threads",
}


# Those that are yes or no.
_SWITCHES = ("independent", "no_center", "keep_last")


class OrderedAutoencoder:
    """An autoencoder whose features come in order of use: a non-linear PCA, any width after one fit.

    Args:
        n_features: n, the number of ordered features; None lets the program decide.
        loss: what is minimised: "squared", "huber", "huber:DELTA", "binary" for numbers in [0, 1]
            (`inverse_transform` then gives probabilities) or "cosine" for embeddings (it gives rows of
            length 1). `scree_` is in this loss; only "squared" has PCA beside it.
        architecture: layers between input and output, as "512-256-[64]-256-512"; None is made from
            n_features.
        law: how k is drawn in training, as `taildropout fit --law`.
        p: mean share of features dropped.
        k_min: no k below this.
        effort: 1, 2 or 3, how long to train; not with epochs, which says so too.
        missing: what becomes of NaN in X: "error", "mean" or "mask".
        valid: share of rows held out.
        scale: "auto", "none", "standard", "minmax" or "byte".
        seed: the same seed gives the same model.
        independent, balance, epochs, batch_size, learning_rate, schedule, average, optimizer,
            weight_decay, momentum, clip, warm_up, no_center, start, keep_last, patience,
            split_seed: of the training, as the options of `taildropout fit` that have their names.
            None, and False of those that are yes or no, is the program's default.
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
        loss: str | None = None,
        architecture: str | None = None,
        law: str | None = None,
        p: float | None = None,
        k_min: int | None = None,
        independent: bool = False,
        balance: float | None = None,
        effort: int | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        schedule: str | None = None,
        average: float | None = None,
        optimizer: str | None = None,
        weight_decay: float | None = None,
        momentum: float | None = None,
        clip: float | None = None,
        warm_up: int | None = None,
        no_center: bool = False,
        start: str | None = None,
        keep_last: bool = False,
        patience: int | None = None,
        valid: float | None = None,
        missing: str | None = None,
        scale: str | None = None,
        seed: int = 0,
        split_seed: int | None = None,
        threads: int | None = None,
    ) -> None:
        self.n_features = n_features
        self.loss = loss
        self.architecture = architecture
        self.law = law
        self.p = p
        self.k_min = k_min
        self.independent = independent
        self.balance = balance
        self.effort = effort
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.average = average
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.momentum = momentum
        self.clip = clip
        self.warm_up = warm_up
        self.no_center = no_center
        self.start = start
        self.keep_last = keep_last
        self.patience = patience
        self.valid = valid
        self.missing = missing
        self.scale = scale
        self.seed = seed
        self.split_seed = split_seed
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

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks before it puts an estimator into a pipeline; nobody else calls it."""
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(),
            input_tags=InputTags(allow_nan=self.missing in ("mean", "mask")),
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    # --- fitting ---

    def _options(self) -> list[str]:
        options: list[str] = []
        if self.n_features is not None and self.architecture is None:
            options += ["--features", str(self.n_features)]
        for name, option in _OPTIONS.items():
            value = getattr(self, name)
            if isinstance(value, bool) and name not in _SWITCHES:
                raise TypeError(f"{name} has to be a value or None, but got {value}")
            if value is True:
                options.append(option)
            elif value is not None and value is not False:
                options += [option, str(value)]
        return options

    def fit(
        self, X: Any, y: Any = None, groups: Any = None, X_valid: Any = None
    ) -> OrderedAutoencoder:
        """Fits the model.

        Args:
            X: [rows, columns] numbers; bytes stay bytes. NaN is a cell in which nothing stands.
            y: not used.
            groups: [rows] which group each row is of, numbers or strings: rows of one group are all
                held out or all trained on. None: each row stands for itself.
            X_valid: [other rows, columns] the held-out rows: all of X is trained on. None: some of X.

        Raises:
            ValueError: data or options that the program refuses, with its message.
            RuntimeError: no program.
        """
        data = _table(X)
        options = self._options()
        if X_valid is not None and (groups is not None or self.valid is not None):
            raise ValueError("X_valid holds the held-out rows: leave out groups and valid")
        with _folder() as folder:
            if groups is None:
                np.save(folder / "X.npy", data)
            else:
                np.save(folder / "X.npy", _with_groups(data, groups))
                options += ["--group", str(data.shape[1] + 1)]
                if data.dtype.kind in "bu" and data.itemsize == 1 and self.scale in (None, "auto"):
                    options += ["--scale", "byte"]  # the added column need not be of bytes
            if X_valid is not None:
                np.save(folder / "X_valid.npy", _table(X_valid))
                options += ["--valid", "X_valid.npy"]
            _run(folder, "fit", "X.npy", "-o", "model.safetensors", *options)
            self.model_ = (folder / "model.safetensors").read_bytes()
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
        """The first k (None: all) features of each row, [rows, k] float32.

        Raises:
            ValueError: k is not in 1..n.
        """
        self._need_fit()
        if k is not None and not 1 <= k <= self.n_features_:
            hint = ""
            if k == 0:
                hint = "; where a rule chose 0, no feature lowers the held-out loss, as with noise"
            raise ValueError(f"k = {k} has to be in 1..{self.n_features_}{hint}")
        chosen = [] if k is None else ["-k", str(int(k))]
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
            raise _not_fitted()("this OrderedAutoencoder is not fitted yet; call fit first")

    def _through(self, command: str, table: np.ndarray, *options: str) -> np.ndarray:
        with _folder() as folder:
            (folder / "model.safetensors").write_bytes(self.model_)
            np.save(folder / "X.npy", table)
            _run(folder, command, "model.safetensors", "X.npy", "-o", "out.npy", *options)
            return np.load(folder / "out.npy", allow_pickle=False)


def _table(X: Any) -> np.ndarray:
    table = np.asarray(X)
    if table.ndim != 2 or table.dtype.kind not in "buif":
        raise ValueError(
            f"X has to be a table of numbers [rows, columns], but has the shape {table.shape} and the "
            f"type {table.dtype}"
        )
    return table


def _with_groups(table: np.ndarray, groups: Any) -> np.ndarray:
    """The table and a last column with the numbers of the groups, in the order of their names."""
    names = np.asarray(groups)
    if names.shape != table.shape[:1]:
        raise ValueError(
            f"groups has to name one for each of the {len(table)} rows, but has the shape {names.shape}"
        )
    if names.dtype.kind == "f" and np.isnan(names).any():
        raise ValueError("groups has NaN where a row should name its group")
    known, number = np.unique(names, return_inverse=True)
    kind = np.result_type(table, np.min_scalar_type(len(known)))
    return np.column_stack([table.astype(kind), number.astype(kind)])


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="taildropout-") as name:
        yield Path(name)
