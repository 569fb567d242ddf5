import pkgutil
import subprocess
import sys
from pathlib import Path

import ablations.analysis

HEAVY = {"tensorflow", "keras", "sklearn", "matplotlib", "scipy", "jinja2", "numpy"}


def test_importing_all_of_the_analysis_loads_no_heavy_library() -> None:
    modules = [
        module.name
        for module in pkgutil.walk_packages(ablations.analysis.__path__, "ablations.analysis.")
    ]
    assert len(modules) > 30
    code = f"import sys, {', '.join(modules)}; print(sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == "[]"
