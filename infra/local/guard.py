"""Runs a command that can't watch its parent itself, and ends it when our stdin closes.

    guard.py COMMAND [ARGUMENT ...]

Whoever starts this holds the other end of stdin; the kernel closes it when that process dies, however it dies. On
Linux the kernel also ends the command should this guard be killed; elsewhere whoever started it ends our process group.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent():
    """In the child, before it becomes the command: ask Linux for SIGKILL when the guard dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main():
    command = sys.argv[1:]
    on_linux = sys.platform == "linux"
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent if on_linux else None)

    def end_when_stdin_closes():
        while os.read(0, 4096):
            pass
        child.kill()

    threading.Thread(target=end_when_stdin_closes, daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: child.kill())
    code = child.wait()
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
