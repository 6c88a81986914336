"""The jobs of a finished study, run in this process: for measurements that run hundreds of them."""

import contextlib
import io
import os
import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, ResourceSettings


def jobs_of(project, study):
    """All jobs of a study with a script, by each of their outputs; the working directory becomes the project."""
    os.chdir(project)
    quiet = io.StringIO()
    with _without("data"), SnakemakeApi(OutputSettings(dryrun=True)) as api, contextlib.redirect_stderr(quiet):
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(config={"study": study}),
            snakefile=Path("Snakefile").absolute(),
        )
        workflow.dag(DAGSettings(forceall=True)).execute_workflow(executor="dryrun")
        found = [one for one in workflow._workflow.dag.jobs if one.rule.script]
        config = workflow._workflow.config
    seen = [_as_script_sees_it(one, config) for one in found]
    return {str(path): one for one in seen for path in one.output}


@contextlib.contextmanager
def _without(folder):
    """Hide a folder, so that Snakemake leaves out no job whose outputs are there."""
    hidden = Path(folder).rename(f".{folder}")
    yield
    shutil.rmtree(folder, ignore_errors=True)
    hidden.rename(folder)


def run(one):
    """Run a job's script, as Snakemake does."""
    runpy.run_path(one.script, {"snakemake": one}, run_name="__main__")


def _as_script_sees_it(one, config):
    script = Path("scripts", Path(one.rule.script.format(**dict(one.wildcards.items()))).name)
    seen = {key: getattr(one, key) for key in ("input", "output", "params", "wildcards", "log", "threads", "resources")}
    return SimpleNamespace(script=str(script), config=config, rule=one.rule.name, **seen)
