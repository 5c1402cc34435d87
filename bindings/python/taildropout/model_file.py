# SPDX-License-Identifier: MIT
"""Models that the program fitted, as modules of torch, and back."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .file_format import ModelFileError, parse, serialise, write_whole
from .layer import TailDropout

_VERSION = "1"
_TASKS = ("autoencode", "classify")
_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}


def _law_of(metadata: dict[str, str]) -> dict[str, Any]:
    """Arguments of TailDropout from the law in a file."""
    law = json.loads(metadata["law"])
    name = law["name"]
    arguments: dict[str, Any] = {"law": name, "k_min": int(law.get("k_min", 0)), "p": 0.5}
    if name == "geometric":
        arguments["law"] = f"geometric:{law['rate']!r}"
    elif name == "table":
        arguments["law"] = law["weights"]
    elif name in ("exponential", "original"):
        arguments["p"] = float(law["p"])
    return arguments


def _module_of(item: str, before: list[str], metadata: dict[str, str]) -> nn.Module:
    """The layer that an item of an architecture stands for; `before` are the items in front of it.
    Widths make linear layers and are not handled here."""
    if item == "tail":
        return TailDropout(**_law_of(metadata))
    if item.startswith("dropout:"):
        return nn.Dropout(float(item.partition(":")[2]))
    if item not in _ACTIVATIONS:
        raise ModelFileError(f"architecture {metadata['architecture']}: unknown item {item}")
    widths = [place for place, earlier in enumerate(before) if earlier.isdecimal()]
    if item == "sigmoid" and "tail" in before[widths[-1] if widths else 0 :]:
        # The program keeps dropped features at 0 there; torch would make them sigmoid(0) = 1/2.
        raise ModelFileError(f"architecture {metadata['architecture']}: a sigmoid behind a tail")
    return _ACTIVATIONS[item]()


def _item_of(module: nn.Module) -> str:
    """The item that stands for a layer other than nn.Linear."""
    if isinstance(module, TailDropout):
        return "tail"
    if isinstance(module, nn.Dropout):
        return "dropout:" + (f"{module.p:.9f}".rstrip("0").rstrip(".") or "0")
    for item, kind in _ACTIVATIONS.items():
        if type(module) is kind:
            return item
    raise TypeError(f"a {type(module).__name__} has no place in a model file")


class FileModel(nn.Module):
    """A model of the program.

    Its parameters have the names that the file gives them: `encoder.0.weight` and so on. The encoder
    ends with the (first) tail; with several tails the others lie in the decoder.

    Attributes:
        encoder, decoder: nn.Sequential of Linear, activations, Dropout and TailDropout.
        metadata: the strings of the file: architecture, law, scaling, validation and so on. Those
            that are JSON are left so. After training on, `validation` no longer describes the model:
            delete it before saving.

    Shape:
        [..., columns] in the units of the data to [..., outputs]: the reconstruction in the same
        units, or the logits of a classifier.
    """

    shift: Tensor
    unit: Tensor

    def __init__(self, metadata: dict[str, str]) -> None:
        super().__init__()
        self.metadata = dict(metadata)
        if metadata.get("format_version") != _VERSION or metadata.get("task") not in _TASKS:
            raise ModelFileError(
                f"format version {metadata.get('format_version')}, task {metadata.get('task')}; "
                f"this package reads version {_VERSION}, tasks {' and '.join(_TASKS)}"
            )
        self.task = metadata["task"]
        parts: list[list[nn.Module]] = [[], []]
        widths = []
        items = metadata["architecture"].split("-")
        for place, item in enumerate(items):
            part = parts[1 if any(isinstance(m, TailDropout) for m in parts[0]) else 0]
            if item.isdecimal():
                widths.append(int(item))
                if len(widths) > 1:
                    part.append(nn.Linear(widths[-2], widths[-1], device="meta"))
            else:
                part.append(_module_of(item, items[:place], metadata))
        if not parts[1]:
            raise ModelFileError(f"architecture {metadata['architecture']}: it has no tail")
        self.encoder, self.decoder = (nn.Sequential(*part) for part in parts)
        self._read_scaling(widths[0])

    def _read_scaling(self, columns: int) -> None:
        scaling = json.loads(self.metadata["scaling"])
        kind = scaling["kind"]
        shift, unit = np.zeros(columns), np.ones(columns)
        if kind == "byte":
            unit[:] = 255.0
        elif kind in ("standard", "minmax"):
            shift, unit = (np.array(scaling[name], np.float64) for name in ("shift", "unit"))
        elif kind != "none":
            raise ModelFileError(f"unknown scaling {kind}")
        good = shift.shape == unit.shape == (columns,)
        if not good or not (np.isfinite(shift).all() and (unit > 0).all()):
            raise ModelFileError("the scaling does not fit the columns")
        self.register_buffer("shift", torch.from_numpy(shift), persistent=False)
        self.register_buffer("unit", torch.from_numpy(unit), persistent=False)

    @property
    def n(self) -> int:
        """Ordered features of the code."""
        return _last_linear(self.encoder).out_features

    def _scale(self, x: Tensor) -> Tensor:
        weight = next(self.encoder.parameters())
        return ((x.double() - self.shift.double()) / self.unit.double()).to(weight)

    def _finish(self, y: Tensor) -> Tensor:
        if self.task == "classify":
            return y
        return (y.double() * self.unit.double() + self.shift.double()).to(y)

    def encode(self, x: Tensor, k: int | None = None) -> Tensor:
        """The first k (None: all n) features of each row.

        Args:
            x: [..., columns], in the units of the data.
            k: 0..n.

        Returns:
            [..., k].

        Raises:
            ValueError: a k out of range.
        """
        if k is not None and not 0 <= k <= self.n:
            raise ValueError(f"k = {k} has to be in 0..{self.n}")
        return self.encoder(self._scale(x))[..., :k]

    def decode(self, code: Tensor) -> Tensor:
        """What codes of any width up to n stand for.

        Args:
            code: [..., k], k <= n.

        Returns:
            [..., outputs], as `forward` returns.

        Raises:
            ValueError: a code wider than n.
        """
        missing = self.n - code.shape[-1]
        if missing < 0:
            raise ValueError(f"codes have {code.shape[-1]} features, the model has {self.n}")
        return self._finish(self.decoder(nn.functional.pad(code, (0, missing))))

    def forward(self, x: Tensor) -> Tensor:
        """encode and decode at once; tails act as their mode and k say."""
        return self._finish(self.decoder(self.encoder(self._scale(x))))


def _last_linear(part: nn.Sequential) -> nn.Linear:
    return [module for module in part if isinstance(module, nn.Linear)][-1]


def _architecture(model: FileModel) -> str:
    items: list[str] = []
    for module in (*model.encoder, *model.decoder):
        if isinstance(module, nn.Linear):
            items += [str(module.out_features)] if items else []
            if not items:
                items = [str(module.in_features), str(module.out_features)]
        else:
            items.append(_item_of(module))
    return "-".join(items)


def load(path: str | os.PathLike[str]) -> FileModel:
    """Opens a model file of the program, in evaluation mode.

    Args:
        path: written by `taildropout fit`, `taildropout prune` or `save`.

    Returns:
        The model; its outputs are those of the program to 1e-5 of the largest.

    Raises:
        ModelFileError (a ValueError): the file is damaged or of another version.
        OSError: it cannot be read.
    """
    tensors, metadata = parse(Path(path).read_bytes(), str(path))
    try:
        model = FileModel(metadata)
        expected = {name: tuple(p.shape) for name, p in model.named_parameters()}
        if {name: values.shape for name, values in tensors.items()} != expected:
            raise ModelFileError("its tensors are not those of its architecture")
        if not all(np.isfinite(values).all() for values in tensors.values()):
            raise ModelFileError("it holds a weight that is not finite")
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path}: {error}") from error
    values = {name: torch.from_numpy(value) for name, value in tensors.items()}
    model.load_state_dict(values, strict=False, assign=True)
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    return model.eval()


def _metadata_of(model: FileModel) -> dict[str, str]:
    """The metadata, brought in line with a model that `prune` has cut."""
    metadata = dict(model.metadata)
    before, now = metadata["architecture"], _architecture(model)
    if before == now:
        return metadata
    if [item.isdecimal() for item in before.split("-")] != [s.isdecimal() for s in now.split("-")]:
        raise ValueError(f"the model was {before} and is {now}: that is more than pruning")
    metadata["architecture"] = now
    widths = before.split("-")
    n = int([w for w in widths[: widths.index("tail")] if w.isdecimal()][-1])
    if model.n < n:
        if "validation" in metadata:
            curve = json.loads(metadata["validation"])
            for name, values in curve.items():
                curve[name] = values[: model.n + 1] if isinstance(values, list) else values
            metadata["validation"] = json.dumps(curve, separators=(",", ":"))
        metadata.setdefault("pruned_from", str(n))
    law = json.loads(metadata["law"])
    tails = [m for m in model.modules() if isinstance(m, TailDropout)]
    if "weights" in law:
        law["weights"] = list(tails[0]._law.weights)
    law["k_min"] = min(int(law.get("k_min", 0)), model.n)
    metadata["law"] = json.dumps(law, separators=(",", ":"))
    return metadata


def save(model: FileModel, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Writes a model so that the program reads it. A model that was not changed gives the bytes that
    it was loaded from.

    Args:
        model: from `load`, perhaps pruned or trained on.
        path: where to. There is either the old file or the new one at any moment.
        overwrite: replace a file that exists.

    Raises:
        TypeError: not a model from `load`.
        ValueError: a weight that is not finite, or a change of architecture beyond pruning.
        FileExistsError: the file exists.
    """
    if not isinstance(model, FileModel):
        raise TypeError(f"save writes what load returned, but got a {type(model).__name__}")
    tensors = {}
    for name, parameter in model.named_parameters():
        values = parameter.detach().to("cpu", torch.float32).numpy()
        if not math.isfinite(float(np.abs(values).max(initial=0.0))):
            raise ValueError(f"{name} has a value that is not finite")
        tensors[name] = values
    write_whole(path, serialise(tensors, _metadata_of(model)), overwrite)
