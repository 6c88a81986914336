"""What every script starts with: the job it is, in Snakemake's hands or in a person's."""

import argparse
import logging
import os
import sys
from functools import partial
from pathlib import Path

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.paths import PACKAGE, ROOT


def job(script):
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


def share_library():
    """Make the processes of scripts import this copy of the library, even if another one is installed."""
    others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    library = str(PACKAGE.parent)
    os.environ["PYTHONPATH"] = os.pathsep.join([library, *(path for path in others if path not in ("", library))])


def _complain(log, kind, error, trace):
    """Show an error of the user's in one line, any other in full; keep it in the job's log."""
    import traceback

    text = f"{error}\n" if issubclass(kind, InputError) else "".join(traceback.format_exception(kind, error, trace))
    sys.stderr.write(text)
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(text)


def _by_hand(script):
    """Ask Snakemake what it would pass to the script.

    `python scripts/figure_06.py --study humans` runs the script alone, on what is there already.
    """
    options = argparse.ArgumentParser(description=f"Run the script {script} by itself.")
    options.add_argument("--study", help="as in config.yaml")
    options.add_argument("wildcards", nargs="*", metavar="name=value", help="which job of a script that has many")
    given = options.parse_args()
    os.chdir(ROOT)
    wanted = dict(pair.partition("=")[::2] for pair in given.wildcards)
    jobs = [one for one in _jobs(script, given.study) if wanted.items() <= dict(one.wildcards.items()).items()]
    if not jobs:
        raise SystemExit(f"the study has no job of {script} with {wanted or 'any wildcards'}")
    if len(jobs) > 1:
        raise SystemExit(f"{script} has {len(jobs)} jobs, name one, for example {_example(jobs[0])}")
    missing = [path for path in jobs[0].input if not Path(path).exists()]
    if missing:
        raise SystemExit(f"{missing[0]} is not there yet: run snakemake, which makes it first")
    for output in jobs[0].output:
        Path(output).parent.mkdir(parents=True, exist_ok=True)
    return jobs[0]


def _example(one):
    return " ".join(f"{name}={value}" for name, value in one.wildcards.items())


def _jobs(script, study):
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
