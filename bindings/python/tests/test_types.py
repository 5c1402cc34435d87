# SPDX-License-Identifier: MIT
"""The package says py.typed, so its types have to hold."""

import subprocess
import sys
from pathlib import Path

import pytest


def test_types(tmp_path):
    pytest.importorskip("mypy")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", tmp_path],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
