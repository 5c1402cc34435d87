# SPDX-License-Identifier: MIT
"""The Python of README.md and docs/pytorch.md runs as it stands, as do the example and the
benchmark."""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from taildropout import bench
from taildropout.estimator import find_program

ROOT = Path(__file__).parents[3]
PAGES = ("README.md", "docs/pytorch.md")
SNIPPETS = [
    pytest.param(page, code, id=f"{Path(page).name}-{number}")
    for page in PAGES
    for number, code in enumerate(
        re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.S), 1
    )
]


def has_program():
    try:
        return bool(find_program())
    except RuntimeError:
        return False


@pytest.mark.parametrize("page, code", SNIPPETS)
def test_snippet(page, code, tmp_path, monkeypatch):
    if "OrderedAutoencoder" in code or "load(" in code:
        if not has_program():
            pytest.skip("TAILDROPOUT_PROGRAM names no program")
        import numpy as np

        data = np.random.default_rng(0).normal(size=(200, 16)).astype(np.float32)
        np.save(tmp_path / "data.npy", data)
        if "load(" in code:
            program = [
                find_program(),
                "fit",
                "data.npy",
                "-o",
                "model.safetensors",
                "--features",
                "8",
            ]
            subprocess.run(program, cwd=tmp_path, check=True, capture_output=True)
    monkeypatch.chdir(tmp_path)
    import matplotlib

    matplotlib.use("Agg")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, page, "exec"), {"__name__": "x"})


def test_there_are_snippets():
    codes = {page: "".join(s.values[1] for s in SNIPPETS if s.values[0] == page) for page in PAGES}
    for text in (".set_k(", "batch_dim=0, dropout_dim=1", ".eval()", "for k in range("):
        assert all(text in code for code in codes.values()), text
    for text in ("scree(", "prune(", "TailMLP(", "load(", "OrderedAutoencoder("):
        assert text in codes["docs/pytorch.md"], text


def test_example(tmp_path):
    script = ROOT / "examples" / "pytorch" / "train_scree_prune.py"
    done = subprocess.run(
        [sys.executable, script, "--epochs", "2", "--plot", "scree.png"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert "chosen: k =" in done.stdout and "parameters" in done.stdout
    assert (tmp_path / "scree.png").stat().st_size > 1000


def test_bench(tmp_path):
    assert (
        bench.main(["--quick", "16x64", "--threads", "1", "--json", str(tmp_path / "b.json")]) == 0
    )
    (row,) = json.loads((tmp_path / "b.json").read_text())
    assert set(row) == {"name", "rival", "threads", "ours_ms", "rival_ms", "ratio"}
    assert row["ratio"] > 0 and row["threads"] == 1


def test_the_benchmark_restates_the_same_original():
    import torch
    from original import Original

    x = torch.randn(30, 40)
    outputs = []
    for layer in (Original(), bench.OriginalExpression()):
        torch.manual_seed(0)
        outputs.append(layer(x))
    assert torch.equal(*outputs)
