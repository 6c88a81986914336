"""What is measured on a GPU, in its smallest form on a CPU; and the operations that the registry names."""

import json

import pytest

import golden_losses
from generative_classifiers.study.load import load_observers
from small_studies import ROOT, python

pytestmark = pytest.mark.usefixtures("on_path")


@pytest.fixture
def on_path(monkeypatch):
    for folder in ("tests/benchmarks", "tests/gpu"):
        monkeypatch.syspath_prepend(str(ROOT / folder))


def measured(tmp_path, monkeypatch, *options):
    """The report of the parts that are named, with few kinds of models."""
    import measure

    monkeypatch.setattr(golden_losses, "KINDS", ("diffusion, noise prediction", "discriminative, small_cnn"))
    file = tmp_path / "measured.json"
    measure.main(["--out", str(file), "--device", "cpu", "--small", *options])
    return json.loads(file.read_text())


def test_report_has_the_fields_that_the_page_explains(tmp_path, monkeypatch):
    shapes = ["speed, stable-diffusion-1-4", "speed, amused-512", "speed, janus-pro-1b"]
    names = ["matrix_product", "losses", "memory", "stages", *shapes]
    report = measured(tmp_path, monkeypatch, "--only", *names)
    assert report["command"].startswith("python tests/gpu/measure.py --out")
    machine = report["machine"]
    assert machine["device"] == "cpu" and machine["driver"] is None and machine["packages"]["torch"]
    assert set(report["parts"]) == set(names)
    assert not [part for part in report["parts"].values() if "result" not in part], report["parts"]
    results = {name: part["result"] for name, part in report["parts"].items()}
    for name in shapes:
        assert results[name]["gflop"] > 0 and results[name]["images_encoded_per_second"] > 0
        for batch in results[name]["batches"]:
            assert batch["ratio"] > 0 and batch["evaluations_per_second"] > 0
            assert batch["share_of_peak"] is None and batch["peak_memory"] is None
    assert {one: found["agrees"] and found["same_bytes_again"] for one, found in results["losses"].items()} == {
        f"{kind}, {dtype}": True for kind in golden_losses.KINDS for dtype in ("float32", "bfloat16")
    }
    memory = results["memory"]
    assert memory["same_bytes"] and memory["batch_size_afterwards"] == memory["batch_size"] // 2
    stages = results["stages"]
    assert set(stages["seconds"]) == {"encoding", "noise", "transfer", "network", "losses", "rest"}
    assert stages["evaluations"] == len(golden_losses.CATEGORIES) * stages["noise_samples"]
    assert len(stages["bare_network_per_second"]) == 3 and sum(stages["kernels"].values()) <= 1.001


def test_a_part_that_fails_is_reported_and_the_others_are_measured(tmp_path, monkeypatch):
    import checks

    def broken(*_):
        raise RuntimeError("no such kernel")

    monkeypatch.setattr(checks, "memory", broken)
    parts = measured(tmp_path, monkeypatch, "--only", "memory", "matrix_product")["parts"]
    assert parts["memory"]["error"] == "RuntimeError: no such kernel" and "broken" in parts["memory"]["traceback"]
    assert parts["matrix_product"]["result"]["tflops"] > 0


def test_parts_are_left_out_when_no_time_is_left(tmp_path, monkeypatch):
    parts = measured(tmp_path, monkeypatch, "--minutes", "0", "--only", "memory", "losses")["parts"]
    assert {part["skipped"] for part in parts.values()} == {"no time was left"}


@pytest.mark.parametrize("name", ["stable-diffusion-1-4", "amused-512", "janus-pro-1b"])
def test_registry_has_the_operations_that_are_counted(name):
    import operations

    assert operations.of_shape(name) / 1e9 == pytest.approx(load_observers()[name].gflop, rel=0.01)


@pytest.mark.parametrize("name", ["resnet34", "alexnet", "mobilenet_v2"])
def test_registry_has_the_operations_of_networks(name):
    import operations

    row = load_observers()[name]
    assert operations.of_classifier(row) / 1e9 == pytest.approx(row.gflop, rel=0.01)


def test_what_comes_before_the_prompt_is_a_twentieth_of_stable_diffusion():
    import operations

    saved = 1 - operations.of_shared("stable-diffusion-1-4") / operations.of_shape("stable-diffusion-1-4")
    assert saved == pytest.approx(0.048, abs=0.001)


def test_script_runs_from_a_plain_checkout(tmp_path):
    assert "--small" in python(tmp_path, str(ROOT / "tests/gpu/measure.py"), "--help").stdout


def test_models_of_the_miniature_are_trained(tmp_path):
    name = "miniature-masked"
    command = ["tests/gpu/train.py", "--out", str(tmp_path), "--observers", name, "--device", "cpu", "--steps", "2"]
    run = python(ROOT, *command, "--workers", "1")
    assert run.returncode == 0, run.stdout
    report = json.loads((tmp_path / f"{name}.json").read_text())
    assert report["machine"]["device"] == "cpu" and report["seconds_of_this_run"] > 0
    assert (report["recipe"]["steps"], report["recipe"]["codebook"]["uncoded"]) == (2, 1)
    assert [*(tmp_path / name).glob("transformer/*.safetensors")]
