"""The short fault suite. It has servers of its own, since it kills them; `make fault` is the long one."""

import subprocess
import sys

from purposejobs.local_stack import PROJECT


def test_amid_faults_and_kills_everybody_arrives_once():
    # `-m`, with an environment of its own: this process speaks to other servers.
    command = [sys.executable, "-m", "tests.faults", "short"]
    outcome = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=240, check=False)
    print(outcome.stdout)
    assert outcome.returncode == 0, outcome.stderr[-3000:]
