"""Processes that end when they should: with their parent, with their stack, with the command they belong to."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from purposejobs.local_stack import MARK, Stack, StackError

STOP_SECONDS = 20


def dying_with_parent(number: signal.Signals, *, of: int | None = None) -> Callable[[], None] | None:
    """Give what a child calls before its program starts: the kernel sends it `number` when its parent is gone."""
    if not sys.platform.startswith("linux"):
        return None
    libc, parent = ctypes.CDLL(None), of or os.getpid()

    def before_exec() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        libc.prctl(1, int(number))  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)

    return before_exec


def is_alive(pid: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def all_gone(pids: Sequence[int], seconds: float) -> bool:
    """Wait for processes that are not our children; a dead one that nobody fetched counts as gone."""
    deadline = time.monotonic() + seconds
    while any(map(is_alive, pids)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.03)
    return True


def end_leftover(pid_file: Path, folder: Path, gentle: signal.Signals) -> None:
    """
    Stop the server that a killed keeper left running, and remove a pid file that names nobody of ours.

    Ours is recognised by its command line, or by where it runs: Redis puts a title in place of its command line.
    """
    import psutil

    try:
        process = psutil.Process(int(pid_file.read_text().split("\n")[0]))
        if any(str(folder) in part for part in process.cmdline()) or process.cwd() == str(folder):
            process.send_signal(gentle)
            if not all_gone([process.pid], STOP_SECONDS):
                process.kill()
                all_gone([process.pid], STOP_SECONDS)
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
        pass
    pid_file.unlink(missing_ok=True)


def end_marked(folder: Path) -> None:
    """End what the starter's commands left running: everything whose environment names this stack."""
    import psutil

    for end in (psutil.Process.terminate, psutil.Process.kill):
        marked = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.pid != os.getpid() and process.environ().get(MARK) == str(folder):
                    end(process)
                    marked.append(process.pid)
        if all_gone(marked, STOP_SECONDS):
            return


def run_command(command: Sequence[str], environment: Mapping[str, str], stack: Stack | None = None) -> int:
    """
    Run a command in the foreground and give its exit code; signals sent to us alone are handed on.

    Ctrl-C reaches it from the terminal by itself, and twice would be once too often.
    """
    numbers = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        try:
            child = subprocess.Popen(command, env=environment, preexec_fn=dying_with_parent(signal.SIGTERM))
        except OSError as error:
            raise StackError(f"{command[0]} could not be started: {error.strerror}.") from None
        deadline = 0.0
        while child.poll() is None:
            if stack and stack.keeper.poll() is not None and not deadline:
                print(f"The servers ended; see the logs in {stack.folder}.", file=sys.stderr)
                child.terminate()
                deadline = time.monotonic() + STOP_SECONDS
            if deadline and time.monotonic() > deadline:
                child.kill()
            number, from_terminal = _next_signal(numbers)
            if number in (None, signal.SIGCHLD):
                continue
            if not (number == signal.SIGINT and from_terminal):
                child.send_signal(number)
            if number != signal.SIGINT:
                deadline = time.monotonic() + STOP_SECONDS
        return child.returncode if child.returncode >= 0 else 128 - child.returncode
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _next_signal(numbers: set[signal.Signals]) -> tuple[int | None, bool]:
    """Wait for one of the blocked signals, a second at most; say which, and whether the terminal sent it to all."""
    if sys.platform == "darwin":  # has no call that waits and tells who sent it
        time.sleep(0.1)
        waiting = signal.sigpending() & numbers
        return (signal.sigwait(waiting), True) if waiting else (None, False)
    received = signal.sigtimedwait(numbers, 1)
    return (received.si_signo, received.si_code > 0) if received else (None, False)
