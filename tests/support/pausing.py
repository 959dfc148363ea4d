"""Processes that are stopped for a while, as a machine that stands still."""
import pathlib
import signal
import time


def is_stopped(pid):
    try:
        states = [stat.read_text().rpartition(")")[2].split()[0] for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat")]
    except FileNotFoundError:  # a thread has ended meanwhile
        return False
    return all(state == "T" for state in states)


def pause(process):
    """Returns when no thread runs any more: the signal alone leaves them a moment."""
    process.send_signal(signal.SIGSTOP)
    deadline = time.monotonic() + 20
    while not is_stopped(process.pid):
        if time.monotonic() > deadline:
            raise TimeoutError(f"process {process.pid} did not stop")
        time.sleep(0.001)


def resume(process):
    process.send_signal(signal.SIGCONT)
