#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# bindings/python/run_tests.sh [BUILD_FOLDER [PYTEST_OPTION...]]
#
# Makes a virtual environment in BUILD_FOLDER/python-tests (default build/python-tests), installs
# torch 2.13.0, the package and what its tests need with pip, and runs the tests. The program that
# BUILD_FOLDER holds, if any, serves the tests that need one. PYTHON names another python3.
#
# Exits 77, after one line that says why, where an environment cannot be made or torch cannot be had.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=${1:-build}
shift || true
environment=$build/python-tests
log=$build/python-tests.log
mkdir -p "$build"
requirements=(torch==2.13.0 numpy pytest matplotlib safetensors scikit-build-core mypy scikit-learn)

# not_run REASON
not_run() {
    echo "python tests: not run: $1 (see $log)" >&2
    exit 77
}

pip() {
    "$environment/bin/python" -m pip --disable-pip-version-check "$@" </dev/null >>"$log" 2>&1
}

: >"$log"
if ! "$environment/bin/python" -c 'import pip' >>"$log" 2>&1; then
    "${PYTHON:-python3}" -m venv --clear "$environment" >>"$log" 2>&1 ||
        not_run "python3 cannot make a virtual environment: install python3-venv"
fi
if ! "$environment/bin/python" - "${requirements[@]}" >>"$log" 2>&1 <<'END'; then
import sys
from importlib.metadata import version

for requirement in sys.argv[1:]:
    name, _, wanted = requirement.partition("==")
    found = version(name).partition("+")[0]
    sys.exit(f"{name} {found}") if wanted not in ("", found) else None
END
    echo "python tests: installing ${requirements[*]} with pip, some hundred MB, into $environment"
    pip install "${requirements[@]}" || not_run "pip cannot install ${requirements[*]}"
fi
if ! pip install --no-build-isolation --no-deps --force-reinstall \
    --config-settings=build-dir="$build/python-wheel" .; then
    tail -n 20 "$log" >&2
    echo "python tests: pip install . failed" >&2
    exit 1
fi

if [[ -z ${TAILDROPOUT_PROGRAM:-} && -x $build/taildropout ]]; then
    TAILDROPOUT_PROGRAM=$(realpath "$build/taildropout")
    export TAILDROPOUT_PROGRAM
fi
exec "$environment/bin/python" -m pytest -q -p no:cacheprovider bindings/python/tests "$@"
