"""The switch of ONNX Runtime's telemetry: on while the library is loaded, and only then."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

#: Stands in for the library: what it finds when it is loaded, and what it is told.
LIBRARY = """
import os
print("loaded", os.environ.get("ORT_DISABLE_TELEMETRY"))
def disable_telemetry_events():
    print("told to stop")
"""
PROGRAM = """
import os
from pioneer_build.engine.onnx_runtime import onnxruntime
print("after", os.environ.get("ORT_DISABLE_TELEMETRY"))
"""


def said(folder: Path, program: str, **environ: str) -> list[str]:
    """What a process prints that imports the module, with the stand-in for the library."""
    (folder / "onnxruntime.py").write_text(LIBRARY)
    path = os.pathsep.join([str(folder), str(Path(__file__).parents[2])])
    known = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**known, **environ, "PYTHONPATH": path},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.splitlines()


def test_off_while_it_is_loaded_and_the_environment_as_before(tmp_path: Path) -> None:
    assert said(tmp_path, PROGRAM) == ["loaded 1", "told to stop", "after None"]


@pytest.mark.parametrize("value", ["0", "", "1"])
def test_what_the_caller_had_set_comes_back(tmp_path: Path, value: str) -> None:
    assert said(tmp_path, PROGRAM, ORT_DISABLE_TELEMETRY=value) == ["loaded 1", "told to stop", f"after {value}"]


def test_a_library_that_was_loaded_before_is_told(tmp_path: Path) -> None:
    assert said(tmp_path, f"import onnxruntime\n{PROGRAM}") == ["loaded None", "told to stop", "after None"]


def test_a_library_that_cannot_be_loaded_leaves_the_environment(tmp_path: Path) -> None:
    program = """
import os, sys
sys.modules["onnxruntime"] = None
try:
    import pioneer_build.engine.onnx_runtime
except ModuleNotFoundError:
    print(os.environ.get("ORT_DISABLE_TELEMETRY"))
"""
    assert said(tmp_path, program) == ["None"]


def test_the_models_are_run_by_that_library() -> None:
    pytest.importorskip("onnxruntime", reason="the extra `local` is not installed")
    from pioneer_build.engine import embedding, onnx_runtime

    assert embedding.onnxruntime is onnx_runtime.onnxruntime
