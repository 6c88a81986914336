"""The program of `preloaded.python`: `preloaded_client.py <socket> <python> <arguments of Python>`."""

import os
import signal
import socket
import sys

HEADER = 8  # bytes
UNIMPORTANT = {"-B", "-u"}  # options that change nothing here


def main(address, python, *arguments):
    """Have a program run elsewhere, or by a new Python."""
    parts = parse(arguments)
    status = parts and ask(address, *parts)
    if status is None:
        os.execv(python, [python, *arguments])
    if status < 0:
        if -status != signal.SIGKILL:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


def parse(arguments):
    """The kind of a program (`-m`, `-c` or a file), its name and its arguments; None if Python has other options."""
    arguments = list(arguments)
    while arguments and arguments[0] in UNIMPORTANT:
        arguments.pop(0)
    if arguments and not arguments[0].startswith("-"):
        return "", arguments[0], arguments[1:]
    return (arguments[0], arguments[1], arguments[2:]) if arguments[:1] in (["-m"], ["-c"]) else None


def ask(address, kind, program, arguments):
    """Have a program run; its status, or None if the server declines."""
    import json

    connection = socket.socket(socket.AF_UNIX)
    files = [file for file in map(int, os.listdir("/proc/self/fd")) if file != connection.fileno() and is_open(file)]
    umask = os.umask(0)
    os.umask(umask)
    surroundings = {"environment": dict(os.environ), "folder": os.getcwd(), "umask": umask, "files": files}
    request = json.dumps(surroundings | {"kind": kind, "program": program, "arguments": arguments}).encode()
    connection.connect(address)
    socket.send_fds(connection, [f"{len(request):{HEADER}}".encode()], files)
    connection.sendall(request)
    answers = connection.makefile()
    process = answers.readline()
    if process == "no\n":
        return None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: os.kill(int(process), number))
    return int(answers.readline())


def is_open(file):
    """Whether a file is open still: the folder of all open files no longer is."""
    try:
        os.fstat(file)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main(*sys.argv[1:])
