#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# bindings/python/run_tests.sh [BUILD_FOLDER [PYTEST_OPTION...]]
#
# Makes a virtual environment in BUILD_FOLDER/python-tests (default build/python-tests), installs
# torch 2.13.0, the package and what its tests need with pip, and runs the tests. The program that
# BUILD_FOLDER holds, if any, serves the tests that need one. PYTHON names another python3.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=${1:-build}
shift || true
environment=$build/python-tests
mkdir -p "$build"

if [[ ! -x $environment/bin/python ]]; then
    "${PYTHON:-python3}" -m venv "$environment"
fi
pip=("$environment/bin/python" -m pip --disable-pip-version-check --quiet)
"${pip[@]}" install torch==2.13.0 numpy pytest matplotlib safetensors scikit-build-core cmake ninja
"${pip[@]}" install --no-build-isolation --no-deps --force-reinstall .

if [[ -z ${TAILDROPOUT_PROGRAM:-} && -x $build/taildropout ]]; then
    TAILDROPOUT_PROGRAM=$(realpath "$build/taildropout")
    export TAILDROPOUT_PROGRAM
fi
exec "$environment/bin/python" -m pytest -q -p no:cacheprovider bindings/python/tests "$@"
