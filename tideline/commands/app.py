"""What every command works with: the bundle's folder, its state, the server, the kernels."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from tideline.workspace.errors import WorkspaceError
from tideline.workspace.layout import Layout

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from tideline.workspace.bundle import Bundle
    from tideline.workspace.jobs import RunStore, Stop
    from tideline.workspace.notebook.pool import KernelPool
    from tideline.workspace.server import ServerAddress

KERNELS_AHEAD = 2


@dataclass
class App:
    """Made once per command. `pool` and `spark` start the server when they are first asked for."""

    root: Path
    remote: str = ""
    is_json: bool = False
    _stack: ExitStack = field(default_factory=ExitStack)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _pool: KernelPool | None = None
    _address: ServerAddress | None = None
    _remote_address: ServerAddress | None = None
    _deployed: set[str] = field(default_factory=set)
    _shared: set[Path] = field(default_factory=set)

    @cached_property
    def layout(self) -> Layout:
        return Layout(self.root)

    @cached_property
    def console(self) -> Console:
        """Where progress goes: standard error with --json, so that a script reads JSON alone."""
        width = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS") or 160)
        return Console(stderr=self.is_json, highlight=False, width=width)

    @cached_property
    def store(self) -> RunStore:
        from tideline.workspace.jobs import RunStore

        return RunStore(self.layout.runs)

    def bundle(self, target: str | None = None, variables: Mapping[str, str] | None = None) -> Bundle:
        from tideline.workspace.bundle import load_bundle

        return load_bundle(self.root, target=target, variables=variables or {})

    def address(self) -> ServerAddress:
        """The server's address; starts one unless --remote names one, which is examined instead."""
        if self._address is None:
            self._address = self.fresh_address()
        return self._address

    def fresh_address(self) -> ServerAddress:
        """The same, asked anew: for a command that outlives a server which nobody used."""
        from tideline.workspace.server import ensure_server

        return self.remote_address() or ensure_server(self.layout, on_progress=self.say)

    @cached_property
    def named_address(self) -> ServerAddress | None:
        """The server that --remote names, which is not asked yet. ServerError for what is no address, None without --remote."""
        from tideline.workspace.server.remote import VARIABLE, is_loopback, remote_address

        if not self.remote:
            return None
        address = remote_address(self.remote, os.environ.get(VARIABLE, ""))
        if not address.is_tls and not is_loopback(address.host):
            self.say(f"what is sent to {address.host} is not encrypted; with /;use_ssl=true it is")
        return address

    def remote_address(self) -> ServerAddress | None:
        """The server that --remote names, seen once per command to be fit; ServerError where it is not, None without --remote."""
        from tideline.workspace.server.remote import check_server

        if self.named_address and self._remote_address is None:
            check_server(self.named_address)
            self._remote_address = self.named_address
        return self._remote_address

    @property
    def server(self) -> str:
        """The server that --remote names, without the token; empty for the bundle's own."""
        from tideline.workspace.server.remote import remote_address

        return remote_address(self.remote).remote if self.remote else ""

    def check_storage(self, bundle: Bundle) -> None:
        """ServerError where --remote names a server that does not see this machine's volumes; tried once per folder."""
        from tideline.workspace.server.remote import check_storage

        address = self.remote_address()
        said = Path(str(bundle.variables.get("volume_root") or "/Volumes"))  # which stands for the local folder
        folder = said if said.is_absolute() and said != Path("/Volumes") else self.layout.volumes
        if address is not None and folder not in self._shared:
            check_storage(address, folder)
            self._shared.add(folder)

    def spark(self) -> SparkSession:
        """A session that ends with the command."""
        from tideline.workspace.server import close_session, open_session

        session = open_session(self.address())
        self._stack.callback(close_session, self.address(), session)
        return session

    def pool(self) -> KernelPool:
        """The kernels of this command, shared by all its runs."""
        from tideline.workspace.notebook.pool import KernelPool

        with self._lock:
            if self._pool is None:
                pool = KernelPool(self.address(), self.layout, self.root, size=KERNELS_AHEAD)
                self._pool = self._stack.enter_context(pool)
            return self._pool

    def deploy(self, bundle: Bundle) -> None:
        """Schemas and volumes of the bundle, once per target and command."""
        from tideline.workspace.bundle.deploy import deploy_locally

        if bundle.target not in self._deployed:
            self.check_storage(bundle)
            deploy_locally(bundle, self.layout, self.spark())
            self._deployed.add(bundle.target)

    def say(self, text: str) -> None:
        self.console.print(text, markup=False, soft_wrap=True)

    def give(self, data: Any) -> None:
        """JSON to standard output."""
        click.echo(json.dumps(data, indent=2, default=str, ensure_ascii=False))

    def close(self) -> None:
        self._stack.close()


@contextmanager
def stop_on_interrupt(app: App) -> Iterator[Stop]:
    """Ctrl-C cancels the run and waits for its end; pressed again, it ends the command at once."""
    from tideline.workspace.jobs import Stop

    stop = Stop()

    def interrupt(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        app.say("cancelling (Ctrl-C again ends at once)")
        threading.Thread(target=stop.set, daemon=True).start()

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def pairs(values: tuple[str, ...], option: str) -> dict[str, str]:
    """`("a=1", ...)` as a dict; WorkspaceError where the `=` is missing."""
    found = {}
    for value in values:
        name, sign, text = value.partition("=")
        if not sign or not name:
            raise WorkspaceError(f"`{option} {value}` has no value", hint=f"write {option} name=value")
        found[name] = text
    return found


def root_with_bundle(folder: Path) -> Path:
    """The nearest folder, from `folder` upwards, with a databricks.yml; WorkspaceError where there is none."""
    folder = folder.resolve()
    for each in (folder, *folder.parents):
        if (each / "databricks.yml").is_file():
            return each
    raise WorkspaceError(
        f"{folder}: no databricks.yml here or above", hint="name its folder: tideline --root DIR ..."
    )
