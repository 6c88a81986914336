"""What every script starts with: the job it is, in Snakemake's hands or in a person's."""

import argparse
import logging
import os
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from generative_classifiers.io.errors import for_users
from generative_classifiers.io.paths import PACKAGE, ROOT


def job(script: dict[str, Any]) -> Any:
    """The object that Snakemake passes to scripts; also makes errors short and keeps them in the log.

    Parameters
    ----------
    script : dict
        The script's `globals()`.

    Returns
    -------
    object
        With input, output, params, wildcards, log, threads, resources and config.
    """
    sys.excepthook = partial(_complain, None)
    current = script.get("snakemake") or _by_hand(Path(script["__file__"]).stem)
    if current.log:
        sys.excepthook = partial(_complain, Path(str(current.log[0])))
    return current


def share_library() -> None:
    """Make the processes of scripts import this copy of the library, even if another one is installed."""
    others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    library = str(PACKAGE.parent)
    os.environ["PYTHONPATH"] = os.pathsep.join([library, *(path for path in others if path not in ("", library))])


def _complain(log: Path | None, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Show an error that users are meant to read in one line, any other in full; keep it in the job's log."""
    import traceback

    line = for_users(error)
    text = "".join(traceback.format_exception(kind, error, trace)) if line is None else f"{line}\n"
    sys.stderr.write(text)
    if log is not None:
        with suppress(OSError):  # the disk may be full
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_text(text)


def _by_hand(script: str) -> Any:
    """Ask Snakemake what it would pass to the script, and run it on the inputs as they are.

    `python scripts/plot_error_consistency.py --study humans figure=figure_14` runs one of the script's jobs.
    """
    options = argparse.ArgumentParser(description=f"Run the script {script} without Snakemake's other jobs.")
    options.add_argument("--study", help="a study of studies/; by default, the one in config.yaml")
    options.add_argument("names", nargs="*", metavar="name=value", help="which job, if the script has several")
    given = options.parse_args()
    os.chdir(ROOT)
    wanted = dict(name.partition("=")[::2] for name in given.names)
    jobs = _jobs(script, given.study)
    chosen = [one for one in jobs if wanted.items() <= _names(one).items()]
    if not chosen:
        raise SystemExit(f"the study has no job of {script}" + (f" with {_as_text(wanted)}" if wanted else ""))
    if len(chosen) > 1:
        raise SystemExit(f"{script} has {len(chosen)} jobs, name one, for example {_as_text(_names(chosen[0]))}")
    missing = [path for path in chosen[0].input if not Path(path).exists()]
    if missing:
        raise SystemExit(f"{missing[0]} does not exist yet: run snakemake, which makes it")
    for output in chosen[0].output:
        Path(output).parent.mkdir(parents=True, exist_ok=True)
    return chosen[0]


def _names(one: Any) -> dict[str, str]:
    """What tells a job from the others of its script: its wildcards, and the figure or table that it makes."""
    made = {key: value for key, value in one.params.items() if key in ("figure", "table")}
    return dict(one.wildcards.items()) | made


def _as_text(names: dict[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in names.items())


def _jobs(script: str, study: str | None) -> list[Any]:
    """All jobs of a script in the study's workflow."""
    from snakemake.api import SnakemakeApi
    from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, ResourceSettings

    logging.disable(logging.CRITICAL)
    with SnakemakeApi(OutputSettings(dryrun=True)) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(config={"study": study} if study else {}),
            snakefile=ROOT / "Snakefile",
        )
        workflow.dag(DAGSettings(forceall=True)).execute_workflow(executor="dryrun")
        return [one for one in workflow._workflow.dag.jobs if Path(one.rule.script or "").stem == script]
