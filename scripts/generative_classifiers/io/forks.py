"""Jobs that share their imports: one process imports what scripts need, and a copy of it runs each script.

A figure takes less time to draw than the libraries that draw it take to import, and Snakemake starts Python anew for
each script. Here, one process imports what a script imports, keeps it, and forks. Nothing else changes: a job runs when
it is due, is alone in its process and writes the same bytes, and its failure concerns no other job. A job that was
submitted to a cluster has no others to share with, and a Python of its own.
"""

import ast
import atexit
import gc
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

# Scripts that import this use threads and GPUs, neither of which may be shared with a copy.
UNSHARED = "torch"
LONGEST_PATH = 2**16  # bytes
# What Snakemake sets to the number of a job's threads.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")

_STARTING = threading.Lock()
_CONNECTION: list[socket.socket] = []


def share_imports() -> None:
    """Let the scripts of Snakemake's local jobs share their imports, in place of each starting its own Python."""
    from snakemake import script

    class Forked(script.PythonScript):
        """A script in Snakemake's hands."""

        def execute_script(self, fname: str, edit: bool = False) -> None:
            elsewhere = self.conda_env or self.container_img or self.env_modules or self.shadow_dir
            if elsewhere or self.threads > 1 or UNSHARED in imported(Path(fname)):
                super().execute_script(fname, edit)
            else:
                run(fname, self.bench_record)

    script.PythonScript = Forked


def run(script: str, record: Any = None) -> None:
    """Run a script in a copy of the process that has the imports.

    Parameters
    ----------
    script : str
    record : snakemake.benchmark.BenchmarkRecord, optional
        Where to note what the job takes.

    Raises
    ------
    subprocess.CalledProcessError
        The script failed. It has said why.
    """
    from snakemake.benchmark import benchmarked

    ours, theirs = socket.socketpair()
    with ours, theirs:
        socket.send_fds(_server(), [os.fsencode(script)], [theirs.fileno()])
        theirs.close()
        with ours.makefile() as answers:
            process = answers.readline()
            with benchmarked(int(process), record) if record and process else nullcontext():
                done = answers.readline()
    if not done:
        raise subprocess.CalledProcessError(1, script)


def _server() -> socket.socket:
    """The connection to the process that has the imports. That process ends with this one."""
    with _STARTING:
        if not _CONNECTION:
            ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
            environment = os.environ | dict.fromkeys(THREADS, "1") | {"PYTHONSAFEPATH": "1"}
            code = f"from {__name__} import serve; serve({theirs.fileno()})"
            with theirs:
                process = subprocess.Popen([sys.executable, "-c", code], env=environment, pass_fds=[theirs.fileno()])
            atexit.register(_stop, ours, process)
            _CONNECTION.append(ours)
    return _CONNECTION[0]


def _stop(connection: socket.socket, process: subprocess.Popen[bytes]) -> None:
    connection.close()
    process.wait()


def serve(connection: int) -> None:
    """Import what each script on a connection imports, and run it in a copy of this process.

    Parameters
    ----------
    connection : int
        Number of a socket. It brings the path of a script and a socket for the answer: the number of the copy, and
        in the end "done", which is missing if the script fails or is killed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # those of a terminal are for the scripts
    with socket.socket(fileno=connection) as scripts:
        while True:
            message, answers, *_ = socket.recv_fds(scripts, LONGEST_PATH, 1)
            if not message:
                break
            script, (answer,) = Path(os.fsdecode(message)), answers
            for module in imported(script):
                with suppress(Exception):  # the script itself will say why it cannot be imported
                    import_module(module)
            gc.freeze()  # copies need not look through what is imported
            if os.fork() == 0:
                scripts.close()
                _run(script, socket.socket(fileno=answer))
            os.close(answer)
            _wait(os.WNOHANG)
    _wait()


def _wait(options: int = 0) -> None:
    """Let copies that have ended go; the time that they took then counts as that of this process."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            pass


def _run(script: Path, answer: socket.socket) -> None:
    """Run a script in this process, answer, and end."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    answer.sendall(f"{os.getpid()}\n".encode())
    runpy.run_path(str(script), run_name="__main__")
    sys.stdout.flush()
    sys.stderr.flush()
    answer.sendall(b"done\n")
    os._exit(0)  # taking a hundred modules apart takes as long as a small figure


def imported(script: Path) -> Iterator[str]:
    """Modules that a script imports when it is run.

    Examples
    --------
    >>> list(imported(Path(__file__)))[:3]
    ['ast', 'atexit', 'gc']
    """
    for node in ast.parse(script.read_bytes()).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
