"""What TensorBoard loads when it starts: the tab's name and its routes, and nothing else.

Whatever fails here would stop TensorBoard, and whatever takes long would delay it; so everything
that can is imported with the first request of an open tab, and what fails then is said there.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tensorboard.plugins import base_plugin

if TYPE_CHECKING:
    from ablations.plugin.routes import Routes

ENTRY = "/static/index.js"
DATA = (
    "studies",
    "progress",
    "answer",
    "effects",
    "curves",
    "seeds",
    "layers",
    "histogram",
    "findings",
    "tuning",
    "interactions",
)
"""The routes that answer with JSON; ``routes`` has the function of each."""


class AblationsPlugin(base_plugin.TBPlugin):  # type: ignore[misc]  # TensorBoard has no types
    """The Ablations tab."""

    plugin_name = "ablations"

    def __init__(self, context: Any) -> None:
        self._logdir = str(getattr(context, "logdir", "") or "")
        self._lock = threading.Lock()
        self._routes: Routes | None = None

    def get_plugin_apps(self) -> Mapping[str, Callable[..., Any]]:
        """Return the routes below ``/data/plugin/ablations``."""
        return {
            "/static/*": self._serve_static,
            **{f"/{name}": self._serving(name) for name in DATA},
        }

    def is_active(self) -> bool:
        """Say that the tab is to be shown.

        Always: to tell whether a study is there would read the log directory each time that any
        dashboard is reloaded.  The tab says itself where there is none.
        """
        return True

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        """Return the tab's name and its module."""
        return base_plugin.FrontendMetadata(es_module_path=ENTRY, tab_name="Ablations")

    def _loaded(self) -> Routes:
        with self._lock:
            if self._routes is None:
                from ablations.plugin.routes import Routes

                self._routes = Routes(self._logdir)
            return self._routes

    def _serving(self, name: str) -> Callable[..., Any]:
        def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            from werkzeug.wrappers import Request

            request = Request(environ)
            if request.method not in ("GET", "HEAD"):
                return _respond(request, {"problem": "wants GET"}, 405)(environ, start_response)
            try:
                content, status = self._loaded().answer(name, request.args.to_dict())
            except Exception as error:  # of loading; answers catch their own
                content = f'{{"problem": "the tab cannot be loaded: {type(error).__name__}"}}'
                status = 500
            return _respond(request, content, status)(environ, start_response)

        return serve

    def _serve_static(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        from werkzeug.wrappers import Request

        from ablations.plugin.static_files import read_static

        request = Request(environ)
        found = read_static(request.path.partition("/static/")[2])
        if found is None:
            return _respond(request, {"problem": "no such file"}, 404)(environ, start_response)
        if request.path.endswith(ENTRY):
            # What the page will ask for takes half a second to load: begin while it is on its way.
            threading.Thread(target=self._warm_up, daemon=True).start()
        content, content_type = found
        return _respond(request, content, 200, content_type)(environ, start_response)

    def _warm_up(self) -> None:
        with contextlib.suppress(Exception):  # the page's own requests will say what is wrong
            self._loaded()


def _respond(
    request: Any, content: Any, status: int, content_type: str = "application/json"
) -> Callable[..., Any]:
    from tensorboard.backend import http_util

    response: Callable[..., Any] = http_util.Respond(request, content, content_type, code=status)
    return response
