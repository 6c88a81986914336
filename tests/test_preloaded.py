"""Programs that start as copies of a process with their imports behave as programs of Python do."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import preloaded

SHOW = "import os, sys; print(sys.argv, os.getcwd(), os.environ.get('PYTHONHASHSEED'), __name__, sys.stdin.read())"


def run(python, folder, *arguments, **environment):
    surroundings = {"cwd": folder, "env": os.environ | environment, "input": "some text"}
    return subprocess.run([python, *arguments], **surroundings, capture_output=True, text=True, timeout=100)


@pytest.fixture
def said(tmp_path):
    """What a program says and how it ends, by either Python."""
    (tmp_path / "program.py").write_text(SHOW)

    def both(*arguments, **environment):
        pythons = (sys.executable, preloaded.python())
        one, other = (run(python, tmp_path, *arguments, **environment) for python in pythons)
        assert (one.returncode, one.stdout) == (other.returncode, other.stdout)
        return other

    return both


def test_arguments_folder_and_input_are_those_given(said, tmp_path):
    for kind in (("-c", SHOW), ("program.py",), ("-m", "program")):
        done = said(*kind, "one", "--two")
        assert done.returncode == 0 and "'one', '--two'" in done.stdout and "__main__ some text" in done.stdout
        assert str(tmp_path) in done.stdout


@pytest.mark.parametrize(
    ("code", "status", "complaint"),
    [
        ("raise SystemExit(3)", 3, ""),
        ("raise SystemExit('no')", 1, "no\n"),
        ("1 / 0", 1, "ZeroDivisionError: division by zero\n"),
        ("import os; os.kill(os.getpid(), 9)", -9, ""),
        ("import atexit; atexit.register(print, 'end')", 0, ""),
    ],
)
def test_ends_are_the_same(said, code, status, complaint):
    done = said("-c", code)
    assert done.returncode == status and done.stderr.endswith(complaint) and "preloaded" not in done.stderr


def test_other_settings_of_python_reach_the_program(said):
    assert " 42 __main__" in said("-c", SHOW, PYTHONHASHSEED="42").stdout


def test_the_projects_own_library_is_never_in_the_copy():
    code = "import sys; print([name for name in sys.modules if name.startswith('generative_classifiers')])"
    for _ in range(2):
        assert run(preloaded.python(), None, "-m", "generative_classifiers", "inspect", "no").returncode == 2
        assert run(preloaded.python(), None, "-c", code).stdout == "[]\n"


def test_open_files_are_passed_on():
    reading, writing = os.pipe()
    code = f"import os; os.write({writing}, b'passed')"
    subprocess.run([preloaded.python(), "-c", code], pass_fds=[writing], check=True)
    os.close(writing)
    with open(reading) as pipe:
        assert pipe.read() == "passed"


def test_a_program_ends_with_whoever_has_started_it():
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(100)"
    program = subprocess.Popen([preloaded.python(), "-c", code], stdout=subprocess.PIPE, text=True)
    number = int(program.stdout.readline())
    assert number != program.pid  # a copy
    program.kill()
    assert program.stdout.read() == ""  # at its end
    program.wait()
    while Path(f"/proc/{number}").exists():  # the server looks after it at once
        time.sleep(0.01)
