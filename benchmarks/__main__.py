"""Measure, and say what was measured: `make bench`, `make bench QUICK=1`, `make bench ARGS="export_open"`.

Each figure stands beside a reference that was measured in the same run, so that a slow or busy machine changes both.
"""

import json
import os
import platform
import sys
from pathlib import Path

import django

RESULTS = Path(__file__).parent / "results.json"


def main(wanted: list[str]) -> int:
    """Run the figures named, or all; print one line per figure, and write them down."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "purposejobs.settings"
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    os.environ |= {"RATE_LIMIT_APPLY": "100000/m/ip"}
    django.setup()
    from benchmarks.figures import FIGURES, LONG
    from benchmarks.stage import Stage

    unknown = [name for name in wanted if name not in FIGURES]
    if unknown:
        print(f"There is no figure {unknown[0]!r}; there are {', '.join(FIGURES)}.", file=sys.stderr)
        return 2
    is_quick = os.environ.get("QUICK", "0") not in ("", "0")
    measured = []
    with Stage(is_quick=is_quick) as stage:
        for name in wanted or FIGURES:
            if is_quick and not wanted and name in LONG:
                continue
            stage.clear()
            for figure in FIGURES[name](stage):
                print(figure.line(), flush=True)
                measured.append(figure.as_json())
    about = {"machine": platform.platform(), "processors": os.cpu_count(), "python": platform.python_version()}
    RESULTS.write_text(json.dumps({"quick": is_quick, **about, "figures": measured}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
