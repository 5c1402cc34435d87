# SPDX-License-Identifier: MIT
"""The package says py.typed, so its types have to hold."""

import subprocess
import sys
from pathlib import Path

import pytest


USE = """
import numpy as np
import torch
from taildropout import TailDropout, choose_k, load, prune, save

save(prune(load("a"), np.int64(4)), "b")
layer = TailDropout(law=np.ones(5), k_min=np.int64(1))
layer.set_k(np.int64(3))
layer.set_k(torch.tensor(3))
layer.law = np.ones(5)
layer.law = "uniform"
layer.p, layer.batch_dim = 0.3, [0, 1]
k: int = choose_k([1.0, 0.5], np.int64(1), np.ones(2))
"""


def check(cache, *arguments):
    pytest.importorskip("mypy")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", cache, *arguments],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_types(tmp_path):
    (tmp_path / "use.py").write_text(USE)
    check(tmp_path)
    check(tmp_path, tmp_path / "use.py")
