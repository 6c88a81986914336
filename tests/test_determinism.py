"""Metrics are the same bytes for the same decisions, wherever they are computed."""

import shutil

from small_studies import elsewhere, files_made, snakemake, unlike


def test_metrics_are_the_same_bytes_elsewhere(tiny, tmp_path):
    """Metrics of the same decisions; figures made elsewhere are tested in test_humans_run.py."""
    folder = shutil.copytree(tiny, tmp_path / "ein anderer Ort, später", symlinks=True)
    shutil.rmtree(folder / "data/tiny/metrics")
    run = snakemake(folder, "metrics", "--cores", "1", surroundings=elsewhere(), study="tiny")
    assert run.returncode == 0 and "rule decisions:" not in run.stdout, run.stdout
    assert unlike(files_made(tiny, "tiny"), files_made(folder, "tiny")) == []
