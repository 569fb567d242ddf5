"""Training functions that a user might bring, good and bad, and studies of them."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import subprocess
import sys
import threading
import time

import numpy as np

PLACE = "tests.support.own_training"
STUDY = """\
study: own
question: Which rate?
trainer: {trainer}
base: {{settings: {{rate: 0.01, steps: 20}}}}
control: slow
arms: {{slow: {{}}, fast: {{settings.rate: 0.1}}}}
seeds: 6
metrics: {{error: {{better: lower, unit: dollars, if_diverged: 100}}}}
metric: error
"""


def study(function: str) -> str:
    """Return the study of DESIGN.md with a function of this module as its trainer."""
    return STUDY.format(trainer=f"python:{PLACE}.{function}")


def train(run):
    """Shrink an error, the faster the larger the rate is."""
    draw = np.random.default_rng(run.seed)
    error = 1.0
    for step in range(run.settings["steps"]):
        error *= 1 - run.settings["rate"] * draw.uniform(0.5, 1)
        run.log(step, error=error)
    heavy = {"tensorflow", "keras"} & sys.modules.keys()
    assert not heavy, heavy
    return {"error": error}


def resumes(run):
    """Walk at random; where ``die`` is set, die in the middle the first time."""
    draw, start, path = np.random.default_rng(run.seed), 0, np.zeros(3)
    if saved := run.checkpoint.restore():
        path, start = saved["path"], saved["step"]
        draw.bit_generator.state = eval(saved["draw"])
        assert saved["raw"] == b"\x00\x01"
    for step in range(start, 20):
        path = path + draw.normal(size=3)
        run.log(step, position=path[0])
        if step == 9:
            state = str(draw.bit_generator.state)
            run.checkpoint.save({"path": path}, step=step + 1, draw=state, raw=b"\x00\x01")
        if step == 14 and not start and run.settings["die"]:
            os.kill(os.getpid(), signal.SIGKILL)
    return {"error": float(path.sum())}


def saves_and_never_asks(run):
    """Save at each step and begin anew each time; the first time it dies at step 5."""
    first = not (run.directory / "begun").exists()
    (run.directory / "begun").touch()
    for step in range(8):
        run.log(step, position=step)
        run.checkpoint.save(step=step)
        if first and step == 5:
            os.kill(os.getpid(), signal.SIGKILL)
    return {"error": 1.0}


def diverges(run):
    return {"error": float("nan") if run.settings["rate"] > 0.05 else 1.0, "other": 2}


def measures_nothing_of_another(run):
    return {"error": 1.0, "ratio": float("nan"), "huge": -1e200, "other": 2}


def lacks_the_metric(run):
    return {"eror": 1.0}


def scores(run):
    run.log(0, validation_accuracy=run.settings["logged"])
    return {"error": 0.1, "test_accuracy": run.settings["accuracy"]}


def no_mapping(run):
    return 3


def no_number(run):
    return {"error": "low"}


def raises(run):
    raise ValueError("no such thing\nsecond line")


def misspells(run):
    return {"error": run.settings["rat"]}


def saves_a_state(run):
    run.checkpoint.save(draw=np.random.default_rng(run.seed).bit_generator.state)


def returns_a_text(run):
    return {"error": 1.0, "name": "x", "array": np.zeros(3)}


def takes_nothing():
    return {"error": 1.0}


def ends_itself(run):
    sys.exit(0)


def _prints(run):
    print("\x1b[31m" + "noise " * 10_000)


def _changes_everything(run):
    os.chdir("/")
    os.environ["PATH"] = ""
    random.seed(99)
    np.random.seed(99)  # noqa: NPY002
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.path.clear()


def _leaks_a_thread(run):
    threading.Thread(target=time.sleep, args=(600,)).start()


def _leaves_a_child(run):
    child = subprocess.Popen(["sleep", "601.25"], start_new_session=True)
    (run.directory / "child").write_text(str(child.pid))


def _forks(run):
    os.fork()


def _kills_itself(run):
    os.kill(os.getpid(), signal.SIGSEGV)


def _crashes(run):
    ctypes.string_at(0)


DEEDS = (
    *(_prints, _changes_everything, _leaks_a_thread, _leaves_a_child, _forks),
    *(_kills_itself, _crashes),
)


def misbehaves(run):
    """Do one bad thing at each even seed, and train; draws from the global generators too."""
    if run.seed % 2 == 0:
        DEEDS[run.settings["deed"]](run)
    where = run.directory / "where"
    where.write_text(os.getcwd())
    return {"error": float(np.random.random()) + random.random()}  # noqa: NPY002


def hangs(run):
    if run.seed == 1:
        child = subprocess.Popen(["sleep", "601.5"])
        (run.directory / "child").write_text(str(child.pid))
        time.sleep(600)
    return {"error": 1.0}


def logs_between_steps(run):
    run.log(1.5, error=1.0)
    return {"error": 1.0}


def counts_tokens(run):
    """Log at steps that no 32 bits hold, as one that counts tokens does."""
    for step in (2**31, 3 * 10**9):
        run.log(step, error=1.0)
    return {"error": 1.0}
