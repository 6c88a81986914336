"""How users repair a store that is damaged or belongs to another version."""

import re
from pathlib import Path

# Stores that rules make: the study, and the rest of the path.
OF_A_STUDY = re.compile(r".*/(data/([^/]+?)(?:-limit-(\d+))?/(?:stimuli|evidence|examples|decisions|metrics)/.+\.zarr)")


def repair(store: Path) -> str:
    """What repairs a store, as the end of an error message.

    Parameters
    ----------
    store : Path
        Of a study: `data/<study>/<stage>/…`; or of a command, wherever a user put it.

    Examples
    --------
    >>> repair(Path("data/humans/metrics/accuracy.zarr"))
    'repair it with: snakemake --cores all --config study=humans --force data/humans/metrics/accuracy.zarr/zarr.json'
    >>> repair(Path("data/humans/evidence/resnet50/edge.zarr"))
    'repair it with: snakemake --cores all --config study=humans --force data/humans/evidence/resnet50/edge.json'
    >>> repair(Path("data/humans-limit-4/decisions/edge.zarr")).replace("decisions/edge.zarr", "…")
    'repair it with: snakemake --cores all --config study=humans limit=4 --force data/humans-limit-4/…/zarr.json'
    >>> repair(Path("photos/contrast.zarr"))
    'check its name'
    """
    found = OF_A_STUDY.fullmatch(store.absolute().as_posix())
    if found:
        path, study, limit = found.groups()
        settings = f"study={study} limit={limit}" if limit else f"study={study}"
        # Evidence is no output of a rule; its receipt is.
        output = f"{path.removesuffix('.zarr')}.json" if "/evidence/" in path else f"{path}/zarr.json"
        return f"repair it with: snakemake --cores all --config {settings} --force {output}"
    if (store / "loss").is_dir():
        return "run the job or command that made it again: it evaluates only what is damaged"
    return "delete it and run the command that made it again" if store.exists() else "check its name"
