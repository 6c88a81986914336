"""A Slurm cluster of two nodes on loopback, from Debian's packages, with nothing installed on the machine.

The packages are unpacked into a temporary folder and run from there: where Slurm's programs are on the
PATH and no controller answers, every call of snakemake takes ten seconds.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
TOOLS = ("apt-get", "dpkg", "setpriv")
START_SECONDS = 60
NODES = ("node1", "node2")
GPUS = 2  # of each node

# AuthInfo also serves the job credentials. config_overrides lets the nodes pretend to have more than they have.
# OverMemoryKill needs no control groups: Slurm looks every second whether a job uses more memory than it asked for.
# JobFileAppend: a job that is told to end writes to its log just when Slurm writes why. Neither overwrites the other.
CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
PluginDir={plugins}
PlugStackConfig={folder}/plugstack.conf
MailProg=/bin/true
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmdParameters=config_overrides
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
KillWait=1
JobFileAppend=1
ReturnToService=2
SchedulerParameters=batch_sched_delay=0
GresTypes=gpu
{nodes}
PartitionName=main Nodes=ALL Default=YES State=UP
"""
NODE = "NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=4 RealMemory=64000 Gres=gpu:{gpus}"


class Unavailable(Exception):
    """The cluster cannot be had on this machine; the message says why."""


@dataclass
class Cluster:
    """A cluster that runs.

    Attributes
    ----------
    folder : Path
        Of its configuration and logs.
    programs : Path
        Of its daemons.
    environment : dict of str to str
        In which snakemake and Slurm's programs find it.
    daemons : dict of str to subprocess.Popen
        By name: munged, slurmctld, node1, node2.
    """

    folder: Path
    programs: Path
    environment: dict[str, str]
    daemons: dict[str, subprocess.Popen] = field(default_factory=dict)

    def ask(self, *command: str) -> str:
        """What one of Slurm's programs answers; nothing if it fails."""
        answer = subprocess.run(command, env=self.environment, check=False, capture_output=True, text=True)
        return answer.stdout.strip()

    def jobs(self, state: str) -> list[str]:
        """Numbers of the jobs in a state, in the order of their submission."""
        return self.ask("squeue", "--noheader", f"--states={state}", "--format=%A", "--sort=i").split()

    def start(self, name: str, program: str, *options) -> None:
        """Start a daemon; it ends when this process does, even if this process is killed."""
        command = ["setpriv", "--pdeathsig", "TERM", self.programs / program, *options]
        with (self.folder / f"{name}.log").open("a") as log:
            self.daemons[name] = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def start_controller(self, *options: str) -> None:
        """Start slurmctld. It remembers jobs and nodes, unless the option -c is given."""
        self.start("slurmctld", "slurmctld", "-D", *options)

    def end(self, name: str) -> None:
        """End a daemon."""
        process = self.daemons.pop(name)
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def end_all(self) -> None:
        """End all daemons, the latest first."""
        for name in reversed([*self.daemons]):
            self.end(name)

    def cancel_jobs(self) -> None:
        """Cancel what still runs, and wait a little for it: jobs outlive their daemon."""
        self.ask("scancel", "--user=root")
        for _ in range(50):
            if not self.ask("squeue", "--noheader"):
                break
            time.sleep(0.1)

    def wait_for(self, condition: Callable[[], object], seconds: float, what: str) -> None:
        """Wait until a condition is true.

        Raises
        ------
        RuntimeError
            It is not true in time. The message has the daemons' logs.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                logs = "\n".join(f"{log.name}:\n{log.read_text()}" for log in self.folder.glob("*.log"))
                raise RuntimeError(f"{what} has not happened in {seconds} seconds\n{logs}")
            time.sleep(0.1)


@contextmanager
def two_nodes_cluster() -> Iterator[Cluster]:
    """Run the cluster.

    Raises
    ------
    Unavailable
        Without root, without apt, or where the packages cannot be downloaded.
    RuntimeError
        If the nodes are not ready in time.
    """
    if os.getuid() != 0:
        raise Unavailable("a Slurm cluster needs root")
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        raise Unavailable(f"a Slurm cluster needs {', '.join(missing)}")
    with ExitStack() as stack:
        # Directly under /tmp, not pytest's: a socket's path has at most 107 characters and munge wants its
        # folder open to all.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="slurm-", dir="/tmp")))
        folder.chmod(0o755)
        programs = unpack(folder / "packages")
        cluster = Cluster(folder, programs / "usr/sbin", configure(folder, programs))
        stack.callback(cluster.end_all)
        start(cluster)
        stack.callback(cluster.cancel_jobs)
        yield cluster


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
    """Write the cluster's configuration, with stand-in GPUs; return the environment that leads to it."""
    for name in ("state", *(f"spool/{node}" for node in NODES)):
        (folder / name).mkdir(parents=True)
    gpus = [folder / f"devices/{node}-gpu{number}" for node in NODES for number in range(GPUS)]
    gpus[0].parent.mkdir()
    for gpu in gpus:
        gpu.symlink_to("/dev/null")
    devices = [f"NodeName={node} Name=gpu File={folder}/devices/{node}-gpu[0-{GPUS - 1}]\n" for node in NODES]
    (folder / "gres.conf").write_text("".join(devices))
    (folder / "plugstack.conf").touch()
    (folder / "munge.key").write_bytes(os.urandom(1024))
    (folder / "munge.key").chmod(0o600)
    libraries = [library.parent for library in programs.glob("usr/lib/*/libmunge.so.2")]
    libraries += [library.parent for library in programs.glob("usr/lib/*/slurm-wlm/libslurmfull.so")]
    host, (port, *ports) = socket.gethostname().split(".")[0], free_ports(1 + len(NODES))
    nodes = [NODE.format(node=node, host=host, port=port, gpus=GPUS) for node, port in zip(NODES, ports, strict=True)]
    configuration = CONFIGURATION.format(
        host=host, port=port, folder=folder, plugins=libraries[-1], nodes="\n".join(nodes)
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


def start(cluster: Cluster) -> None:
    """Start munge, the controller and the nodes, and wait until the nodes are ready."""
    folder = cluster.folder
    munge = [f"--{name}-file={folder}/munge.{name}" for name in ("key", "log", "pid", "seed")]
    cluster.start("munged", "munged", "-F", f"--socket={folder}/munge.socket", *munge)
    cluster.wait_for((folder / "munge.socket").exists, START_SECONDS, "the start of munge")
    cluster.start_controller("-c")
    for node in NODES:
        cluster.start(node, "slurmd", "-D", "-N", node, "-d", cluster.programs / "slurmstepd")
    ready = [f"{node} idle gpu:{GPUS}" for node in NODES]
    status = ["sinfo", "--noheader", "--Node", "--format=%N %T %G"]
    cluster.wait_for(lambda: cluster.ask(*status).splitlines() == ready, START_SECONDS, "the start of Slurm")
