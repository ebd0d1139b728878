"""A Jupyter server that has the web page and nothing else: no files, no kernels, no terminals."""

from __future__ import annotations

import signal
import webbrowser
from typing import Any

import click
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from tornado.httputil import url_concat
from traitlets.config import Config

EXTENSION = "dltrainer_jupyter"
PAGE = "/dltrainer/"


class PageServer(ServerApp):
    """Serves the page, by the person's own configuration of the Jupyter server: password, certificate, base URL."""

    default_services = ("auth", "security")  # type: ignore[assignment]

    @classmethod
    def serve(cls, ip: str, port: int, *, open_browser: bool) -> None:
        """Serve until a signal ends it.

        Parameters
        ----------
        ip : str
            Address to listen on.
        port : int
            Port to listen on.
        open_browser : bool
            Whether to show the page at once.
        """
        # Stands above the person's configuration, as arguments do.
        ours = {
            "ip": ip,
            "port": port,
            "port_retries": 0,
            "open_browser": open_browser,
            "default_url": PAGE,
            "log_level": "WARN",
            # What a shell may do this page may do: it starts trainers, and nothing else.
            "allow_root": True,
        }
        app = cls(config=Config({cls.__name__: ours}))
        app.initialize(argv=[], find_extensions=False)
        app.start()
        click.echo("Stopped. Runs go on.")

    def init_server_extensions(self) -> None:
        """Load ours, whether or not it is enabled in this environment, and nobody else's."""
        self.jpserver_extensions = {EXTENSION: True}
        super().init_server_extensions()

    def init_signal(self) -> None:
        """End at once where the Jupyter server would ask: there is nothing to lose."""

        def end(*_: Any) -> None:
            self.stop(from_signal=True)

        for kind in (signal.SIGINT, signal.SIGTERM):
            signal.signal(kind, end)

    def start_app(self) -> None:
        """Let the server be found, and tell where it is as soon as it listens."""
        self.write_server_info_file()
        self.write_browser_open_file()
        self.io_loop.add_callback(self._announce)

    def _announce(self) -> None:
        provider = self.identity_provider
        # One that the person has chosen is known to them, and doesn't belong on a screen.
        token = {"token": provider.token} if provider.token and provider.token_generated else {}
        click.echo(f"DLTrainer is at {url_concat(url_path_join(self.connection_url, PAGE), token)}")
        click.echo("Ctrl-C ends the page; runs go on.")
        if not self.open_browser:
            return
        try:
            webbrowser.get(self.browser or None)
        except webbrowser.Error:
            click.echo("There is no browser here: open that address in one that reaches this machine.")
        else:
            self.launch_browser()
