"""Run the fault suite: `python -m tests.faults [short]`. `FAULT_SEED` repeats the choices of a run."""

import collections
import logging
import os
import random
import re
import secrets
import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    companies: int
    exports: int
    seconds: float
    kill_every: float
    act_every: float
    calm_seconds: float


LONG = Size(companies=20, exports=2000, seconds=150, kill_every=4, act_every=0.25, calm_seconds=240)
SHORT = Size(companies=5, exports=150, seconds=13, kill_every=2.2, act_every=0.3, calm_seconds=60)


def main(arguments: list[str]) -> int:
    """Run it; say whether everything is as it must be."""
    size = SHORT if "short" in arguments else LONG
    seed = int(os.environ.get("FAULT_SEED") or secrets.randbelow(1_000_000))
    print(f"FAULT_SEED={seed}", flush=True)
    begun = time.monotonic()
    from tests.faults.stack import Stack

    with Stack(workers=2) as stack:
        import django

        django.setup()
        # What goes wrong here is meant to; the processes' own logs are what is looked at.
        logging.disable(logging.ERROR)
        wrong = _run(stack, size, seed)
        print(f"{time.monotonic() - begun:.0f} s, seed {seed}: {'FAILED' if wrong else 'ok'}", flush=True)
        if wrong:
            raise SystemExit(1)
    return 0


def _run(stack, size: Size, seed: int) -> list[str]:
    from django.core.management import call_command

    from tests.faults.town import connect, invite, link_jobs, make_house
    from tests.faults.trouble import Trouble
    from tests.faults.verdict import Verdict

    call_command("migrate", database="owner", verbosity=0, interactive=False)
    stack.start_processes()
    dice = random.Random(f"{seed} town")
    each = size.exports // size.companies
    houses = [make_house(stack.emulator, dice, each) for _ in range(size.companies)]
    for house in houses:
        connect(stack.emulator, house)
    for house in houses:
        link_jobs(house)
        invite(house, dice, each)
    trouble = Trouble(stack, houses, seed)
    trouble.run(seconds=size.seconds, kill_every=size.kill_every, act_every=size.act_every)
    trouble.calm(seconds=size.calm_seconds)
    verdict = Verdict(trouble)
    for name, value in verdict.table():
        print(f"  {name:44} {value}")
    for sentence in verdict.wrong:
        print(f"WRONG {sentence}")
    for line, count in _errors(stack).most_common(12):
        print(f"  logged {count:4} × {line}")
    return verdict.wrong


def _errors(stack) -> collections.Counter[str]:
    """Count the exceptions in the logs by their last line."""
    found: collections.Counter[str] = collections.Counter()
    for log in stack.folder.glob("*.log"):
        for line in log.read_text(errors="replace").splitlines():
            if re.match(r"^[a-zA-Z_.]*(Error|Exception|Interrupt|Fault|DoesNotExist)\b", line):
                found[re.sub(r"\d+", "#", line)[:110]] += 1
    return found


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
