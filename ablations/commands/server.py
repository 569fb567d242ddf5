"""TensorBoard's own program, in a process of its own: ``python -m ablations.commands.server``.

It runs as where there is no TensorFlow, with which it would compute nothing: importing that takes
seconds and prints of CUDA and oneDNN, which no setting silences.  All that TensorBoard says stays.
"""

from __future__ import annotations

import sys

WITHOUT_TENSORFLOW = "tensorboard.compat.notf"
"""The module that ``tensorboard/compat/__init__.py`` looks for before it imports TensorFlow."""


def serve() -> None:
    """Serve as the arguments of the command line say, as ``tensorboard.main`` does."""
    sys.modules[WITHOUT_TENSORFLOW] = sys.modules[__name__]
    from absl import app, logging
    from tensorboard import default, program

    logging.set_verbosity(logging.WARNING)
    server = program.TensorBoard(plugins=default.get_plugins())
    app.run(server.main, flags_parser=server.configure)


if __name__ == "__main__":
    serve()
