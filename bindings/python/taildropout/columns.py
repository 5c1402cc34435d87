# SPDX-License-Identifier: MIT
"""Between the columns of a table and the inputs of a network, as a model file describes them. Needs
NumPy alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# What stands in a cell of text in which nothing stands.
_NOTHING = ("", "NA", "NaN", "null")


def _is_missing(cell: Any) -> bool:
    return cell is None or cell != cell or (isinstance(cell, str) and cell in _NOTHING)


class Columns:
    """Columns of a table: of numbers, one input each, or of categories, an input for each level.

    Attributes:
        names: of the columns, or None.
        levels: of each column, None where it holds numbers.
        missing: "error", "mean" or "mask".
        mean: [inputs], what goes in where nothing stands.
        inputs: how many inputs the columns are together.
        numbers: [inputs], whether an input is a column of numbers.
    """

    def __init__(self, text: str | None, inputs: int) -> None:
        plain: dict[str, Any] = {
            "count": inputs,
            "levels": {},
            "missing": "error",
            "mean": [0.0] * inputs,
        }
        described = plain if text is None else json.loads(text)
        count, levels = described["count"], described["levels"]
        self.names: list[str] | None = described.get("names")
        self.missing = described["missing"]
        self.levels: list[list[str] | None] = [levels.get(str(j)) for j in range(count)]
        self.mean = np.array(described["mean"], np.float64)
        widths = [1 if known is None else len(known) for known in self.levels]
        self._first = [sum(widths[:j]) for j in range(count)]
        self.inputs = sum(widths)
        self.numbers = np.array([known is None for known in self.levels]).repeat(widths)
        known_levels = len(levels) == sum(known is not None for known in self.levels)
        fits = self.inputs == inputs and self.mean.shape == (inputs,) and known_levels
        if not fits or min(widths, default=0) < 1 or len(self.names or self.levels) != count:
            raise ValueError("its columns are not those of its architecture")
        if self.missing not in ("error", "mean", "mask") or not np.isfinite(self.mean).all():
            raise ValueError("its columns have no rule, or no mean, for what is missing")

    def _of(self, table: Any) -> list[Any]:
        """The columns of a table, in the order of the model."""
        if isinstance(table, Mapping):
            if self.names is None:
                raise ValueError("the model's columns have no names; give them in their order")
            absent = [name for name in self.names if name not in table]
            if absent:
                raise ValueError(f"the table has no column {absent[0]!r}")
            return [table[name] for name in self.names]
        columns = list(table.T) if isinstance(table, np.ndarray) else list(table)
        if len(columns) != len(self.levels):
            raise ValueError(f"the table has {len(columns)} columns, the model {len(self.levels)}")
        return columns

    def inputs_of(self, table: Mapping[str, Any] | Sequence[Any] | np.ndarray) -> np.ndarray:
        """The rows of a table as inputs, in the units of the data.

        Args:
            table: columns by name, or in the model's order, or an array [rows, columns]. Columns of
                categories hold text, the others numbers. A level that the model does not know is
                0 at all of its inputs, a cell in which nothing stands (None, NaN, or text: "", "NA",
                "NaN", "null") the mean.

        Returns:
            [rows, inputs] float64.

        Raises:
            ValueError: columns that are not there, of different length or of another kind; cells
                missing, where the model was fitted with none.
        """
        parts = []
        for j, (column, known) in enumerate(zip(self._of(table), self.levels, strict=True)):
            name = f"column {self.names[j] if self.names else j}"
            cells = [None if _is_missing(cell) else cell for cell in column]
            if self.missing == "error" and None in cells:
                raise ValueError(f"{name} has cells in which nothing stands")
            first = self._first[j]
            parts.append(self._inputs_of_column(name, cells, known, self.mean[first:]))
        if len({len(part) for part in parts}) > 1:
            raise ValueError("the columns have different numbers of rows")
        return np.concatenate(parts, axis=1)

    @staticmethod
    def _inputs_of_column(
        name: str, cells: list[Any], levels: list[str] | None, mean: np.ndarray
    ) -> np.ndarray:
        absent = np.array([cell is None for cell in cells], bool)[:, None]
        if levels is None:
            try:
                numbers = np.array([0.0 if c is None else float(c) for c in cells])
            except (TypeError, ValueError) as error:
                raise ValueError(f"{name} has to hold numbers: {error}") from None
            return np.where(absent, mean[0], numbers[:, None])
        if not all(cell is None or isinstance(cell, str) for cell in cells):
            raise ValueError(f"{name} has to hold text")
        place = {level: at for at, level in enumerate(levels)}
        at = np.array([place.get(cell, -1) for cell in cells], np.intp)[:, None]
        return np.where(absent, mean[: len(levels)], at == np.arange(len(levels)))

    def values_of(self, outputs: Any) -> np.ndarray:
        """Outputs as columns: numbers as they are, of categories the place of the greatest level,
        as `taildropout predict` writes them.

        Args:
            outputs: [..., inputs].

        Returns:
            [..., columns] float32.
        """
        outputs = np.asarray(outputs, np.float32)
        columns = []
        for first, known in zip(self._first, self.levels, strict=True):
            part = outputs[..., first : first + (1 if known is None else len(known))]
            columns.append(part[..., 0] if known is None else part.argmax(-1).astype(np.float32))
        return np.stack(columns, -1)
