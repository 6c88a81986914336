"""What tests share: the project's place, its registry, and servers on loopback."""

import contextlib
import functools
import http.server
import os
import shutil
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from filelock import FileLock
from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, ResourceSettings

import preloaded
from imports import packages
from small_studies import ROOT, snakemake, tiny_project
from study_documents import documents, load_small  # noqa: F401 (fixtures)

SHARED = Path(os.environ.get("GENERATIVE_CLASSIFIERS_SHARED", ROOT / "../shared"))

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
# Without the extra `models`, as in `make quick`, tests that need it are not collected.
WITH_MODELS = find_spec("torch") is not None
collect_ignore = (
    [] if WITH_MODELS else [str(path) for path in Path(__file__).parent.glob("test_*.py") if "torch" in packages(path)]
)


def pytest_configure(config):
    """The processes of pytest-xdist share the process that has imported what their programs import."""
    if config.getoption("numprocesses", None):
        preloaded.python()


@pytest.fixture(autouse=True)
def environment_of_the_start():
    """Each test has the environment variables that the tests began with: libraries set some, and leave them."""
    for name in os.environ.keys() - ENVIRONMENT.keys():
        if not name.startswith(("PYTEST_", preloaded.PLACE)):
            del os.environ[name]
    os.environ.update(ENVIRONMENT)


def needs_models():
    """Skip a test that runs models in processes of their own, where the extra `models` is not installed."""
    if not WITH_MODELS:
        pytest.skip("needs the extra `models`")


@contextlib.contextmanager
def serving(folder):
    """Serve a folder over HTTP; gives the address and the list of paths asked for."""
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            super().do_GET()

        def log_message(self, *_):
            pass

    handler = functools.partial(Handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@pytest.fixture(scope="session")
def mirror_folder():
    """The public data files, laid out by URL."""
    folder = SHARED / "mirror"
    if not folder.is_dir():
        pytest.skip(f"needs the public data files: no {folder} (GENERATIVE_CLASSIFIERS_SHARED names its parent)")
    return folder


@pytest.fixture(scope="session")
def mirror(mirror_folder):
    """Address of a server of the public data files."""
    with serving(mirror_folder) as (address, _):
        yield address


@pytest.fixture
def server(tmp_path):
    """A server of `tmp_path / "upstream"`: its folder, its address and the list of paths asked for."""
    folder = tmp_path / "upstream"
    folder.mkdir()
    with serving(folder) as (address, asked):
        yield folder, address, asked


@pytest.fixture(scope="session")
def datasets():
    """The content of registry/datasets.yaml."""
    return yaml.safe_load((ROOT / "registry/datasets.yaml").read_text())


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A copy of the project in which the study `tiny` has run; it runs once for all processes of pytest-xdist."""
    needs_models()
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "finished"
    with FileLock(f"{shared}.lock"):
        if not shared.exists():
            running = tiny_project(shared.with_name("running"))
            run = snakemake(running, study="tiny")
            assert run.returncode == 0, run.stdout
            running.rename(shared)
    return shutil.copytree(shared, tmp_path_factory.mktemp("tiny") / "project", symlinks=True)


@pytest.fixture(scope="session")
def planned():
    """The jobs of a study, from a dry run of them all."""

    @functools.cache
    def plan(study):
        with contextlib.chdir(ROOT), SnakemakeApi(OutputSettings(dryrun=True)) as api:
            workflow = api.workflow(
                resource_settings=ResourceSettings(cores=1),
                config_settings=ConfigSettings(config={"study": study}),
                snakefile=ROOT / "Snakefile",
            )
            workflow.dag(DAGSettings(forceall=True)).execute_workflow(executor="dryrun")
            return list(workflow._workflow.dag.jobs)

    return plan
