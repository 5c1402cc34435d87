# SPDX-License-Identifier: MIT
"""Models that the program fitted, as modules of torch, and back."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from . import laws
from .columns import Columns
from .file_format import ModelFileError, parse, serialise, write_whole
from .file_layers import FileTail, KeptSigmoid, WidthBias
from .layer import TailDropout

_VERSION = "1"
_TASKS = ("autoencode", "classify", "regress")
# The losses that a file can name, by task; the first is the one that stands for none.
_LOSSES = {
    "autoencode": ("squared", "huber", "binary", "cosine"),
    "classify": ("cross-entropy",),
    "regress": ("squared", "huber", "binary"),
}
_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}
_NORMS: dict[str, type[nn.Module]] = {"layer-norm": nn.LayerNorm, "batch-norm": nn.BatchNorm1d}
_TENSORS = ("weight", "bias", "running_mean", "running_var")


def _items_of(architecture: str) -> list[str]:
    """The items of an architecture; some names hold a dash themselves."""
    items = re.findall("|".join((*_NORMS, "[^-]+")), architecture)
    if "-".join(items) != architecture:
        raise ModelFileError(f"architecture {architecture}: an item is empty")
    return items


def _law_of(metadata: dict[str, str], n: int) -> dict[str, Any]:
    """Arguments of TailDropout from the law in a file, for a tail of n features."""
    law = json.loads(metadata["law"])
    name = law["name"]
    k_min = min(int(law.get("k_min", 0)), n)  # a file that was cut keeps the law of its training
    arguments: dict[str, Any] = {"law": name, "k_min": k_min, "p": 0.5}
    if name in laws.RATES:
        arguments["law"] = f"{name}:{law['rate']!r}"
    elif name == "table":
        arguments["law"] = laws.first_of(laws.parse_law(law["weights"]), n)
    elif name in ("exponential", "original"):
        arguments["p"] = float(law["p"])
    return arguments


class _Builder:
    """Layers of an architecture, one item after the other."""

    def __init__(self, metadata: dict[str, str]) -> None:
        self._metadata = metadata
        self._tail: FileTail | None = None
        self._tail_width = self._width = 0
        self._behind_tail = False  # with no linear layer between

    def layer(self, item: str) -> nn.Module | None:
        """The layer that an item stands for; None for the width of the input."""
        if item.isdecimal():
            return self._linear(int(item))
        if item == "tail":
            self._tail = FileTail(**_law_of(self._metadata, self._width))
            self._tail_width, self._behind_tail = self._width, True
            return self._tail
        if item in _NORMS:
            return _NORMS[item](self._width)
        if item.startswith("dropout:"):
            return nn.Dropout(float(item.partition(":")[2]))
        if item == "widthbias" and self._tail is not None:
            return WidthBias(self._tail, self._tail_width, self._width)
        if item == "sigmoid" and self._behind_tail and self._tail is not None:
            return KeptSigmoid(self._tail)
        if item not in _ACTIVATIONS:
            raise ModelFileError(f"architecture {self._metadata['architecture']}: item {item}")
        return _ACTIVATIONS[item]()

    def _linear(self, width: int) -> nn.Module | None:
        inputs, self._width = self._width, width
        self._behind_tail = False
        return nn.Linear(inputs, width, device="meta") if inputs else None


def _item_of(module: nn.Module) -> str:
    """The item that stands for a layer other than nn.Linear."""
    if isinstance(module, TailDropout):
        return "tail"
    if isinstance(module, nn.Dropout):
        return "dropout:" + (f"{module.p:.9f}".rstrip("0").rstrip(".") or "0")
    if isinstance(module, WidthBias):
        return "widthbias"
    if isinstance(module, KeptSigmoid):
        return "sigmoid"
    for item, kind in (*_ACTIVATIONS.items(), *_NORMS.items()):
        if type(module) is kind:
            return item
    raise TypeError(f"a {type(module).__name__} has no place in a model file")


def _scaling_of(scaling: dict[str, Any], numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shift and unit of each input, of which `numbers` are columns of numbers."""
    kind = scaling["kind"]
    shift, unit = np.zeros(len(numbers)), np.ones(len(numbers))
    if kind == "byte":
        unit[numbers] = 255.0
    elif kind in ("standard", "minmax"):
        shift, unit = (np.array(scaling[name], np.float64) for name in ("shift", "unit"))
    elif kind != "none":
        raise ModelFileError(f"unknown scaling {kind}")
    good = shift.shape == unit.shape == numbers.shape
    if not good or not (np.isfinite(shift).all() and (unit > 0).all()):
        raise ModelFileError("the scaling does not fit the columns")
    return shift, unit


def _unit_rows(x: Tensor) -> Tensor:
    """Rows divided by their length; zeros stay zeros."""
    length = x.norm(dim=-1, keepdim=True)
    return x / torch.where(length > 0, length, torch.ones_like(length))


class FileModel(nn.Module):
    """A model of the program.

    Its parameters have the names that the file gives them: `encoder.0.weight` and so on. The encoder
    ends with the (first) tail; with several tails the others lie in the decoder.

    Attributes:
        encoder, decoder: nn.Sequential of Linear, activations, norms, Dropout and tails. Called by
            themselves, `decoder(encoder(x))` goes by what the encoder kept, in the same thread;
            `decode`, `encode` and `forward` leave nothing behind.
        metadata: the strings of the file: architecture, law, scaling, validation and so on. Those
            that are JSON are left so. After training on, `validation` no longer describes the model:
            delete it before saving.
        columns: between the columns of the table that the model was fitted to and its inputs;
            where all are numbers, the two are the same.
        classes: of a classifier, the label or name of each output; else None.
        targets: of a regression, the names of its outputs, where they have some; else None.
        loss: what it was fitted to minimise: "squared", "huber", "binary", "cosine" or
            "cross-entropy".
        huber_delta: of the loss "huber", in the scale of the loss; else None.

    Shape:
        [..., inputs] in the units of the data to [..., outputs]: the reconstruction in the same
        units, the logits of a classifier, or the targets of a regression in their own units. With
        the loss "binary" these are probabilities, `decoder(encoder(...))` their logits; with
        "cosine" rows of length 1. NaN stands for what is missing, where the model was fitted so.
        With batch-norm, [rows, inputs] alone.
    """

    shift: Tensor
    unit: Tensor
    mean: Tensor
    output_shift: Tensor
    output_unit: Tensor

    def __init__(self, metadata: dict[str, str]) -> None:
        super().__init__()
        self.metadata = dict(metadata)
        if metadata.get("format_version") != _VERSION or metadata.get("task") not in _TASKS:
            raise ModelFileError(
                f"format version {metadata.get('format_version')}, task {metadata.get('task')}; "
                f"this package reads version {_VERSION}, tasks {' and '.join(_TASKS)}"
            )
        self.task = metadata["task"]
        self._read_loss()
        items = _items_of(metadata["architecture"])
        builder = _Builder(self.metadata)
        layers = [layer for layer in map(builder.layer, items) if layer is not None]
        tails = [place for place, layer in enumerate(layers) if isinstance(layer, FileTail)]
        if not tails:
            raise ModelFileError(f"architecture {metadata['architecture']}: it has no tail")
        self.encoder = nn.Sequential(*layers[: tails[0] + 1])
        self.decoder = nn.Sequential(*layers[tails[0] + 1 :])
        self._read_columns(int(items[0]))
        self._read_outputs(int(items[-1]))

    def _keep(self, name: str, values: np.ndarray) -> None:
        self.register_buffer(name, torch.from_numpy(values.copy()), persistent=False)

    def _read_loss(self) -> None:
        known = _LOSSES[self.task]
        loss = json.loads(self.metadata.get("loss", f'{{"name":"{known[0]}"}}'))
        self.loss: str = loss["name"]
        self.huber_delta = float(loss["delta"]) if self.loss == "huber" else None
        if self.loss not in known:
            raise ModelFileError(f"loss {self.loss} of the task {self.task}")

    def _read_columns(self, inputs: int) -> None:
        self.columns = Columns(self.metadata.get("columns"), inputs)
        shift, unit = _scaling_of(json.loads(self.metadata["scaling"]), self.columns.numbers)
        self._keep("shift", shift)
        self._keep("unit", unit)
        self._keep("mean", self.columns.mean)

    def _read_outputs(self, outputs: int) -> None:
        self.classes: list[Any] | None = None
        self.targets: list[str] | None = None
        shift, unit = self.shift.numpy(), self.unit.numpy()
        wanted = self.columns.inputs
        if self.task == "classify":
            classes = json.loads(self.metadata["classes"])
            self.classes = list(classes.get("names") or classes["labels"])
            wanted = len(self.classes)
        elif self.task == "regress":
            targets = json.loads(self.metadata["targets"])
            self.targets = targets.get("names")
            shift, unit = _scaling_of(targets["scaling"], np.ones(outputs, bool))
            wanted = outputs if self.targets is None else len(self.targets)
        if outputs != wanted:
            raise ModelFileError("its outputs are not those that its task asks for")
        self._keep("output_shift", shift)
        self._keep("output_unit", unit)

    @property
    def n(self) -> int:
        """Ordered features of the code."""
        return _last_linear(self.encoder).out_features

    def _scale(self, x: Tensor) -> Tensor:
        weight = next(self.encoder.parameters())
        if self.columns.missing != "error":
            x = torch.where(x.isnan(), self.mean.to(x), x)
        scaled = (x.double() - self.shift.double()) / self.unit.double()
        return (_unit_rows(scaled) if self.loss == "cosine" else scaled).to(weight)

    def _finish(self, y: Tensor) -> Tensor:
        if self.task == "classify":
            return y
        if self.loss == "binary":
            y = y.sigmoid()
        elif self.loss == "cosine":
            y = _unit_rows(y)
        return (y.double() * self.output_unit.double() + self.output_shift.double()).to(y)

    def encode(self, x: Tensor, k: int | None = None) -> Tensor:
        """The first k (None: all n) features of each row.

        Args:
            x: [..., inputs], in the units of the data.
            k: 0..n.

        Returns:
            [..., k].

        Raises:
            ValueError: a k out of range.
        """
        if k is not None and not 0 <= k <= self.n:
            raise ValueError(f"k = {k} has to be in 0..{self.n}")
        try:
            return self.encoder(self._scale(x))[..., :k]
        finally:
            self._forget()

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
        tail = self.encoder[-1]
        assert isinstance(tail, FileTail)
        tail.kept = code.shape[-1]
        try:
            return self._finish(self.decoder(nn.functional.pad(code, (0, missing))))
        finally:
            self._forget()

    def forward(self, x: Tensor) -> Tensor:
        """encode and decode at once; tails act as their mode and k say."""
        try:
            return self._finish(self.decoder(self.encoder(self._scale(x))))
        finally:
            self._forget()

    def _forget(self) -> None:
        """Nothing that a call kept may have a say in the next one."""
        for layer in (*self.encoder, *self.decoder):
            if isinstance(layer, FileTail):
                layer.forget()


def _last_linear(part: nn.Sequential) -> nn.Linear:
    return [module for module in part if isinstance(module, nn.Linear)][-1]


def _tensors_of(model: FileModel) -> Iterator[tuple[str, Tensor]]:
    """What stands in a file: names and values, in its order."""
    for name, module in model.named_modules():
        if isinstance(module, (nn.Linear, WidthBias, *_NORMS.values())):
            for own in _TENSORS:
                values = getattr(module, own, None)
                if values is not None:
                    yield f"{name}.{own}", values


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
        expected = {name: tuple(values.shape) for name, values in _tensors_of(model)}
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
    old, new = _items_of(before), _items_of(now)
    if [i.isdecimal() or i for i in old] != [i.isdecimal() or i for i in new]:
        raise ValueError(f"the model was {before} and is {now}: that is more than pruning")
    metadata["architecture"] = now
    n = int([item for item in old[: old.index("tail")] if item.isdecimal()][-1])
    if model.n < n:
        if "validation" in metadata:
            curve = json.loads(metadata["validation"])
            for name, values in curve.items():
                curve[name] = values[: model.n + 1] if isinstance(values, list) else values
            metadata["validation"] = json.dumps(curve, separators=(",", ":"))
        metadata.setdefault("pruned_from", str(n))
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
    for name, tensor in _tensors_of(model):
        values = tensor.detach().to("cpu", torch.float32).numpy()
        if not math.isfinite(float(np.abs(values).max(initial=0.0))):
            raise ValueError(f"{name} has a value that is not finite")
        tensors[name] = values
    write_whole(path, serialise(tensors, _metadata_of(model)), overwrite)
