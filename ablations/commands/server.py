"""TensorBoard's own program, in a process of its own: ``python -m ablations.commands.server``.

It runs as where there is no TensorFlow, with which it would compute nothing: importing that takes
seconds and prints of CUDA and oneDNN, which no setting silences.  All that TensorBoard says stays.
The Ablations tab is the first, which opens where an address names none: TensorBoard lists those of
other packages last, where its header has no room for it below 1,500 pixels.
"""

from __future__ import annotations

import sys

PLUGIN = "ablations"
"""The name of the Ablations tab."""
WITHOUT_TENSORFLOW = "tensorboard.compat.notf"
"""The module that ``tensorboard/compat/__init__.py`` looks for before it imports TensorFlow."""


def serve() -> None:
    """Serve as the arguments of the command line say, as ``tensorboard.main`` does."""
    sys.modules[WITHOUT_TENSORFLOW] = sys.modules[__name__]
    from absl import app, logging
    from tensorboard import default, program

    logging.set_verbosity(logging.WARNING)
    plugins = sorted(default.get_plugins(), key=lambda each: _name(each) != PLUGIN)
    server = program.TensorBoard(plugins=plugins)
    app.run(server.main, flags_parser=server.configure)


def _name(plugin: object) -> str:
    """Return a plugin's name; a loader of TensorBoard's own has none yet."""
    return getattr(plugin, "plugin_name", "")


if __name__ == "__main__":
    serve()
