"""Python without its long start: programs run in copies of a process that keeps what earlier ones imported.

Tests of commands and of the workflow start Python, which imports for seconds what the test before has imported, too.
Here, a server imports it once. `python()` is a program that takes the arguments of Python, asks the server for a copy
of itself that runs them, and ends as the copy does. The copy has the folder, the environment and the open files of the
program, and imports the project's own library itself, from where that is for it. A program whose environment differs in
more than paths gets a new Python. So does one with other options than `-m` and `-c`.
"""

import atexit
import fcntl
import gc
import json
import os
import random
import selectors
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

PLACE = "PRELOADED_PYTHON"  # environment variable
# What may differ from the server's environment.
FREE = (PLACE, "PATH", "PWD", "OLDPWD", "SHLVL", "_", "COLUMNS", "LINES", "PYTHONPATH", "PYTHONSAFEPATH")
FREE_BEGINNINGS = (
    "PYTEST_",
    "GENERATIVE_CLASSIFIERS_",
    "TMP",
    "TEMP",
    "TORCHINDUCTOR_",
    "TOKENIZERS_",
)  # the last two are set by libraries
FREE_ENDINGS = ("_THREADS",)  # the server's own libraries have one thread each
LIBRARIES = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib"))
ABOVE = 300  # file descriptors are first brought to numbers from here on
HEADER = 8  # bytes


@cache
def python():
    """The path of a program that is like Python and starts at once.

    The server ends with the process that first asks for it. The processes that this one starts share it.
    """
    if PLACE in os.environ:
        return os.environ[PLACE]
    if not hasattr(os, "pidfd_open"):  # only Linux has it
        return sys.executable
    folder = tempfile.TemporaryDirectory()
    address, program = Path(folder.name, "socket"), Path(folder.name, "python")
    client = Path(__file__).with_name("preloaded_client.py")
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -IS "{client}" "{address}" "{sys.executable}" "$@"\n')
    program.chmod(0o755)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(address))
    listener.listen(100)
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    environment |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [sys.executable, "-P", __file__, str(listener.fileno()), str(program)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "pass_fds": [listener.fileno()]}
    server = subprocess.Popen(command, env=environment, **pipes)
    listener.close()

    def stop():
        server.stdin.close()
        server.wait()
        folder.cleanup()

    atexit.register(stop)
    os.environ[PLACE] = str(program)
    return os.environ[PLACE]


class Server:
    """Runs programs in copies of this process."""

    def __init__(self, listener):
        self.listener = listener
        self.path = list(sys.path)
        self.environment = {name: value for name, value in os.environ.items() if not is_free(name)}
        self.events = selectors.DefaultSelector()
        self.events.register(listener, selectors.EVENT_READ, self.begin)
        self.events.register(sys.stdin.fileno(), selectors.EVENT_READ, self.stop)
        self.running = set()

    def serve(self):
        """Answer until the process that has started this one ends."""
        while True:
            for key, _ in self.events.select():
                key.data()

    def stop(self):
        """End with the process that has started this one, and end what still runs."""
        for process in self.running:
            os.kill(process, signal.SIGKILL)
        sys.exit()

    def begin(self):
        """Start a program for the next that asks."""
        connection, _ = self.listener.accept()
        request, files = receive(connection)
        here = {name: value for name, value in request["environment"].items() if not is_free(name)}
        if here != self.environment:
            connection.sendall(b"no\n")
            connection.close()
            for file in files:
                os.close(file)
            return
        imported = os.memfd_create("imported")
        gc.freeze()  # copies need not look through what is imported
        process = os.fork()
        if process == 0:
            imported = take(files, request["files"], imported)
            known = set(sys.modules)
            status = run(request, self.path)
            with suppress(OSError):
                os.write(imported, "\n".join(name for name in sys.modules if name not in known).encode())
            os._exit(status)
        for file in files:
            os.close(file)
        self.running.add(process)
        connection.sendall(f"{process}\n".encode())
        ended = os.pidfd_open(process)
        self.events.register(connection, selectors.EVENT_READ, lambda: self.abandon(process, connection))
        self.events.register(ended, selectors.EVENT_READ, lambda: self.end(process, ended, connection, imported))

    def abandon(self, process, connection):
        """End a program whose client has ended."""
        if connection.fileno() >= 0:
            self.events.unregister(connection)
            connection.close()
            os.kill(process, signal.SIGKILL)

    def end(self, process, ended, connection, imported):
        """Tell the client how its program has ended, and import what that has imported."""
        self.events.unregister(ended)
        os.close(ended)
        self.running.remove(process)
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        if connection.fileno() >= 0:
            self.events.unregister(connection)
            with suppress(OSError):
                connection.sendall(f"{status}\n".encode())
            connection.close()
        with open(imported) as names:
            names.seek(0)
            learn(names.read().split("\n"))


def is_free(name):
    """Whether programs may have another value of an environment variable than the server."""
    return name in FREE or name.startswith(FREE_BEGINNINGS) or name.endswith(FREE_ENDINGS)


def receive(connection):
    """A client's request, and its open files."""
    header, files, *_ = socket.recv_fds(connection, HEADER, ABOVE)
    with connection.makefile("rb") as stream:
        return json.loads(stream.read(int(header))), files


def take(files, numbers, imported):
    """In a copy: give files the numbers that they have for the client, and close all others."""
    above = [fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, ABOVE) for file in [*files, imported]]
    os.closerange(0, ABOVE)
    for file, number in zip(above, numbers, strict=False):
        os.dup2(file, number)
        os.close(file)
    return above[-1]


def run(request, path):
    """In a copy: run a program as Python does, and return its status."""
    os.chdir(request["folder"])
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update(request["environment"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    random.seed()
    sys.stdin = sys.__stdin__ = os.fdopen(0, closefd=False)
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    try:
        return status_of(request, path)
    finally:
        threading._shutdown()
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()


def status_of(request, path):
    """In a copy: run a program until its end."""
    try:
        execute(request["kind"], request["program"], request["arguments"], path)
    except SystemExit as end:
        if isinstance(end.code, int | None):
            return (end.code or 0) & 0xFF
        print(end.code, file=sys.stderr)
        return 1
    except BaseException as error:
        trace = error.__traceback__
        while trace and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        return 1
    return 0


def execute(kind, program, arguments, path):
    """Execute a file, a module (`-m`) or code (`-c`)."""
    first = {"-m": os.getcwd(), "-c": ""}.get(kind) or (os.path.dirname(os.path.realpath(program)) if not kind else "")
    others = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    sys.path[:] = [*([] if os.environ.get("PYTHONSAFEPATH") else [first]), *others, *path]
    sys.argv[:] = [kind or program, *arguments]
    main = sys.modules["__main__"] = ModuleType("__main__")
    if kind == "-m":
        import runpy

        runpy._run_module_as_main(program)
        return
    if not kind:
        main.__file__ = program
        program, name = Path(program).read_bytes(), program
    exec(compile(program, "<string>" if kind else name, "exec"), main.__dict__)


def learn(names):
    """Import what a program has imported, so that the next need not, but for the project's own library and tests."""
    for name in names:
        with suppress(Exception):  # only the program could import it
            if (find_spec(name.partition(".")[0]).origin or "").startswith(LIBRARIES):
                import_module(name)
    if len(os.listdir("/proc/self/task")) > 1:
        raise RuntimeError(f"one of these has started a thread, which a copy does not have: {' '.join(names)}")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # those of a terminal are for the programs
    sys.executable = sys.argv[2]  # programs of programs start in the same way
    Server(socket.socket(fileno=int(sys.argv[1]))).serve()
