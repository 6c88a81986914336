"""A one-node Slurm cluster on loopback, from Debian's packages, with nothing installed on the machine.

The packages are unpacked into a temporary folder and run from there: where Slurm's programs are on the
PATH and no controller answers, every call of snakemake takes ten seconds.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
TOOLS = ("apt-get", "dpkg", "setpriv")
START_SECONDS = 60

# AuthInfo also serves the job credentials. config_overrides lets the node pretend to have more than it has.
CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
PluginDir={plugins}
PlugStackConfig={folder}/plugstack.conf
MailProg=/bin/true
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdParameters=config_overrides
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=64000 Gres=gpu:2
PartitionName=main Nodes={host} Default=YES State=UP
"""


class Unavailable(Exception):
    """The cluster cannot be had on this machine; the message says why."""


@contextmanager
def one_node_cluster() -> Iterator[dict[str, str]]:
    """Run the cluster; give the environment in which snakemake and Slurm's programs find it.

    Raises
    ------
    Unavailable
        Without root, without apt, or where the packages cannot be downloaded.
    RuntimeError
        If a daemon ends or the node is not ready in time.
    """
    if os.getuid() != 0:
        raise Unavailable("a one-node Slurm cluster needs root")
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        raise Unavailable(f"a one-node Slurm cluster needs {', '.join(missing)}")
    with ExitStack() as stack:
        # Directly under /tmp, not pytest's: a socket's path has at most 107 characters and munge wants its
        # folder open to all.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="slurm-", dir="/tmp")))
        folder.chmod(0o755)
        programs = unpack(folder / "packages")
        environment = configure(folder, programs)
        start(stack, folder, programs / "usr/sbin", environment)
        yield environment


def unpack(folder: Path) -> Path:
    """Download the packages and those they need that are not installed; unpack them all into `folder`."""
    folder.mkdir()
    try:
        download(folder)
    except subprocess.CalledProcessError:
        try:
            subprocess.run(["apt-get", "update"], check=True, capture_output=True, text=True)
            download(folder)
        except subprocess.CalledProcessError as error:
            raise Unavailable(f"Debian's Slurm packages cannot be downloaded: {error.stderr.strip()}") from error
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, folder], check=True)
    # Slurm's daemons read GPUs from the configuration only under their own names, and Debian's have a suffix.
    for daemon in folder.glob("usr/sbin/*-wlm"):
        daemon.with_name(daemon.name.removesuffix("-wlm")).symlink_to(daemon.name)
    return folder


def download(folder: Path) -> None:
    simulate = ["apt-get", "install", "--simulate", "--no-install-recommends", *PACKAGES]
    plan = subprocess.run(simulate, check=True, capture_output=True, text=True).stdout
    names = {line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")}
    command = ["apt-get", "download", *sorted(names | set(PACKAGES))]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)


def configure(folder: Path, programs: Path) -> dict[str, str]:
    """Write the cluster's configuration, with two stand-in GPUs; return the environment that leads to it."""
    for name in ("state", "spool", "devices"):
        (folder / name).mkdir()
    for index in range(2):
        (folder / f"devices/gpu{index}").symlink_to("/dev/null")
    (folder / "gres.conf").write_text(f"Name=gpu File={folder}/devices/gpu[0-1]\n")
    (folder / "plugstack.conf").touch()
    (folder / "munge.key").write_bytes(os.urandom(1024))
    (folder / "munge.key").chmod(0o600)
    libraries = [library.parent for library in programs.glob("usr/lib/*/libmunge.so.2")]
    libraries += [library.parent for library in programs.glob("usr/lib/*/slurm-wlm/libslurmfull.so")]
    configuration = CONFIGURATION.format(
        host=socket.gethostname().split(".")[0], ports=free_ports(2), folder=folder, plugins=libraries[-1]
    )
    (folder / "slurm.conf").write_text(configuration)
    settings = {"LD_LIBRARY_PATH": ":".join(map(str, libraries)), "SLURM_CONF": f"{folder}/slurm.conf"}
    wrap(programs / "usr/bin", folder / "bin", settings)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}
    return environment | settings | {"PATH": f"{folder}/bin:{os.environ['PATH']}"}


def wrap(programs: Path, folder: Path, settings: dict[str, str]) -> None:
    """Let every program find its settings by itself: snakemake's job steps drop Slurm's variables."""
    folder.mkdir()
    for program in programs.iterdir():
        script = folder / program.name
        assignments = " ".join(f"{name}={value}" for name, value in settings.items())
        script.write_text(f'#!/bin/sh\n{assignments} exec {program} "$@"\n')
        script.chmod(0o755)


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def start(stack: ExitStack, folder: Path, programs: Path, environment: dict[str, str]) -> None:
    """Start munge, the controller and the node; whatever happens, `stack` ends them in reverse order."""
    munge = [f"--{name}-file={folder}/munge.{name}" for name in ("key", "log", "pid", "seed")]
    daemon(stack, folder, environment, programs / "munged", "-F", f"--socket={folder}/munge.socket", *munge)
    wait_for(lambda: (folder / "munge.socket").exists(), folder)
    daemon(stack, folder, environment, programs / "slurmctld", "-D", "-c")
    daemon(stack, folder, environment, programs / "slurmd", "-D", "-d", programs / "slurmstepd")
    stack.callback(cancel_jobs, environment)
    wait_for(lambda: ask(environment, "sinfo", "--noheader", "--format=%T %G") == "idle gpu:2", folder)


def daemon(stack: ExitStack, folder: Path, environment: dict[str, str], program: Path, *options) -> None:
    with (folder / f"{program.name}.log").open("w") as log:
        # If this process is killed, so is the daemon.
        command = ["setpriv", "--pdeathsig", "TERM", program, *options]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    stack.callback(end, process)


def end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def cancel_jobs(environment: dict[str, str]) -> None:
    """Cancel what still runs, and wait a little for it: jobs outlive their daemon."""
    subprocess.run(["scancel", "--user=root"], env=environment, check=False)
    for _ in range(50):
        if not ask(environment, "squeue", "--noheader"):
            break
        time.sleep(0.1)


def ask(environment: dict[str, str], *command: str) -> str:
    answer = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    return answer.stdout.strip()


def wait_for(condition, folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            logs = "\n".join(f"{log.name}:\n{log.read_text()}" for log in folder.glob("*.log"))
            raise RuntimeError(f"the Slurm cluster is not ready after {START_SECONDS} seconds\n{logs}")
        time.sleep(0.1)
