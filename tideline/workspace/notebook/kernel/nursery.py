"""Import what notebooks need, once, and fork a kernel for every request of the runner.

One thread only: what another thread holds at a fork stays locked in the child for ever. Importing starts none.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
from collections.abc import Callable

LONGEST_REQUEST = 64 * 1024


def serve(line: socket.socket, run_kernel: Callable[[str, int], None]) -> None:
    """Fork for every folder that the runner names, and tell of every child that ends; ends with the runner."""
    ended, tell_ended = socket.socketpair()
    for end in (ended, tell_ended):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # a handler must be there for the descriptor to be written
    signal.set_wakeup_fd(tell_ended.fileno(), warn_on_full_buffer=False)
    with selectors.DefaultSelector() as selector:
        selector.register(line, selectors.EVENT_READ)
        selector.register(ended, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is ended:
                    ended.recv(4096)
                    _tell_of_the_ended(line)
                    continue
                request, descriptors, *_ = socket.recv_fds(line, LONGEST_REQUEST, 2)
                if not request:
                    return
                channel, log = descriptors
                pid = os.fork()
                if pid == 0:
                    selector.close()
                    for mine in (line, ended, tell_ended):
                        mine.close()
                    _become_a_kernel(json.loads(request), channel, log, run_kernel)
                os.close(channel)
                os.close(log)
                _tell(line, {"op": "started", "pid": pid})


def _become_a_kernel(folder: str, channel: int, log: int, run_kernel: Callable[[str, int], None]) -> None:
    """In the child: a process group, output and random numbers of its own; never returns."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        os.chdir(folder)
        os.environ["IPYTHONDIR"] = folder
        run_kernel(f"{folder}/kernel.json", channel)
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def _tell_of_the_ended(line: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _tell(line, {"op": "ended", "pid": pid, "code": os.waitstatus_to_exitcode(status)})


def _tell(line: socket.socket, document: dict[str, object]) -> None:
    try:
        line.sendall(json.dumps(document).encode() + b"\n")
    except OSError:
        os._exit(0)  # the runner is gone; kernels see that by their own channels
