"""Record which files a Python program has imported, as it ends.

Python imports ``sitecustomize`` at its start.  This one takes itself off the path again, lets the
one that it hides have its turn, and never raises.  The user's program may run under any version of
Python, so nothing of this package is imported here.
"""

import atexit
import os
import sys

OUTPUT = "ABLATIONS_IMPORTED_FILES"
"""The environment variable that names the file to append to; child processes append as well."""


def _record(output, directory, process):
    if os.getpid() != process:  # a fork, which runs what was registered before it
        return
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    lines = [os.path.join(directory, name) + "\n" for name in files if isinstance(name, str)]
    try:
        with open(output, "ab") as stream:
            stream.write("".join(lines).encode("utf-8", "surrogateescape"))
    except OSError:
        pass


def _hand_over():
    own = os.path.realpath(os.path.dirname(__file__))
    sys.path[:] = [place for place in sys.path if os.path.realpath(place or ".") != own]
    this = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # noqa: F401 - the one that this one hides
    except ImportError:
        pass
    finally:
        if this is not None:
            sys.modules.setdefault("sitecustomize", this)


if OUTPUT in os.environ:
    atexit.register(_record, os.environ[OUTPUT], os.getcwd(), os.getpid())
    _hand_over()
