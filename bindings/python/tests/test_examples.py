# SPDX-License-Identifier: MIT
"""The commands of docs/examples.md, as they stand but for the fits, which are short."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = os.environ.get("TAILDROPOUT_PROGRAM") or shutil.which("taildropout")
COMMANDS = [
    line.split()
    for line in (ROOT / "docs" / "examples.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("    taildropout ")
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pytest.importorskip("sklearn")
    made = tmp_path_factory.mktemp("examples")
    script = ROOT / "examples" / "tables" / "write_tables.py"
    subprocess.run([sys.executable, script, made / "tables"], check=True)
    return made


@pytest.mark.skipif(not PROGRAM, reason="the program is not installed")
def test_every_command_runs(folder):
    assert len(COMMANDS) > 20
    for _, subcommand, *arguments in COMMANDS:
        if "fashion-mnist" in arguments or any("fashion" in word for word in arguments):
            continue  # half a minute of its own
        short = ["--epochs", "2", "--quiet"] if subcommand == "fit" else []
        done = subprocess.run(
            [PROGRAM, subcommand, *arguments, *short],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{subcommand} {arguments}: {done.stderr}"
    header = (folder / "wine-labels.csv").read_text().splitlines()[0]
    assert header == "label,class_0,class_1,class_2"
    assert (folder / "progression.csv").read_text().startswith("progression\n")
    assert len((folder / "concentrations.csv").read_text().splitlines()) == 2001
