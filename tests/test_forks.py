"""Scripts that share the imports of one process, each in a copy of it."""

import os
import subprocess
import sys
import textwrap

import pytest

from imports import SCRIPTS, packages

# Of each stage, the packages that none of its scripts may import: they are slow, and nothing in the stage needs them.
MODELS = {"torch", "diffusers", "transformers"}
CONFIGURATION = {"pydantic", "yaml"}
DOWNLOADS = {"requests", "pooch", "urllib3"}
DRAWING = {"matplotlib", "seaborn"}
UNUSED = {
    "metrics": (
        ("accuracy", "consistency", "shape_bias", "benchmark", "comparisons", "ranking", "reproduction"),
        MODELS | CONFIGURATION | DOWNLOADS | DRAWING | {"PIL"},
    ),
    "tables": (("leaderboard", "write_benchmark_table"), MODELS | CONFIGURATION | DOWNLOADS | DRAWING | {"PIL"}),
    "figures": (
        sorted(path.stem for path in SCRIPTS.glob("plot_*.py")),
        MODELS | CONFIGURATION | DOWNLOADS | {"statsmodels"},
    ),
    "decisions": (("decisions", "simulate"), MODELS | DOWNLOADS | DRAWING),
    "stimuli": (("render", "read_archive", "ambiguous_images"), MODELS | DOWNLOADS | DRAWING),
    "downloads": (("download",), MODELS | DRAWING | {"numpy", "pandas", "xarray", "zarr", "PIL"}),
    "plan": (("plan",), MODELS | DOWNLOADS | DRAWING | {"PIL"}),
    "receipts": (("evidence_joined",), MODELS | CONFIGURATION | DOWNLOADS | DRAWING | {"numpy", "zarr"}),
}
USED_BY_FEW = {
    "seaborn": {"plot_error_consistency", "plot_shape_bias_boxplots"},
    "statsmodels": {
        *("accuracy", "comparisons", "shape_bias"),
        *("channels", "dose_response", "draw_numbers", "matched_models", "noise_levels", "spent_evaluations"),
        *("views", "weightings", "worlds"),
    },
}


@pytest.mark.parametrize(
    ("script", "unused"), [(name, unused) for scripts, unused in UNUSED.values() for name in scripts]
)
def test_a_script_imports_nothing_that_its_stage_does_not_need(script, unused):
    assert not packages(SCRIPTS / f"{script}.py") & unused


@pytest.mark.parametrize("package", USED_BY_FEW)
def test_a_package_that_few_scripts_use_is_imported_by_no_other(package):
    assert {path.stem for path in SCRIPTS.glob("*.py") if package in packages(path)} == USED_BY_FEW[package]


def run_all(folder, *names):
    """Run scripts of a folder in copies of one process; `stdout` names those that failed."""
    program = """
        import subprocess, sys
        from concurrent.futures import ThreadPoolExecutor
        from generative_classifiers.io.forks import run
        def one(script):
            try:
                run(script)
            except subprocess.CalledProcessError:
                print("failed:", script)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(one, sys.argv[1:]))
    """
    command = [sys.executable, "-c", textwrap.dedent(program), *names]
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=True)


def scripts(folder, **bodies):
    for name, body in bodies.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(body))
    return [f"{name}.py" for name in bodies]


def test_each_script_has_a_process_of_its_own_and_all_share_the_imports(tmp_path):
    body = """
        import sys
        imported_already = "colorsys" in sys.modules
        import colorsys, os
        from pathlib import Path
        Path(__file__).with_suffix(".txt").write_text(f"{os.getpid()} {os.getppid()} {imported_already} {__name__}")
    """
    assert not run_all(tmp_path, *scripts(tmp_path, one=body, two=body, three=body)).stdout
    texts = [path.read_text().split() for path in sorted(tmp_path.glob("*.txt"))]
    processes, parents, imported, names = zip(*texts, strict=True)
    assert len(set(processes)) == 3 and len(set(parents)) == 1
    assert set(imported) == {"True"} and set(names) == {"__main__"}


@pytest.mark.parametrize(
    ("failing", "said"),
    [
        ("raise ValueError('on purpose')", "ValueError: on purpose"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", ""),
    ],
    ids=["error", "import", "killed"],
)
def test_a_script_that_fails_concerns_no_other(tmp_path, failing, said):
    good = "import colorsys, pathlib\npathlib.Path(__file__).with_suffix('.txt').write_text('made')"
    run = run_all(tmp_path, *scripts(tmp_path, first=good, bad=failing, second=good))
    assert run.stdout == "failed: bad.py\n" and said in run.stderr
    assert [path.name for path in sorted(tmp_path.glob("*.txt"))] == ["first.txt", "second.txt"]


def test_no_process_is_left(tmp_path):
    run_all(tmp_path, *scripts(tmp_path, one="import os; open('parent', 'w').write(str(os.getppid()))"))
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "parent").read_text()), 0)


def test_the_time_of_scripts_counts_as_that_of_the_run(tmp_path):
    """So that `time snakemake` tells the truth."""
    busy = "import time\nwhile time.process_time() < 1: pass"
    before = os.times()
    run_all(tmp_path, *scripts(tmp_path, one=busy, two=busy))
    after = os.times()
    assert after.children_user + after.children_system - before.children_user - before.children_system > 2
