"""Commands in documents, run as they stand."""

import os
import re
import subprocess
import textwrap

from build import ROOT


def commands(document, section):
    """The blocks of shell commands in a section."""
    text = (ROOT / document).read_text().split(f"\n## {section}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^( *)```sh\n(.*?)^\1```", text, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for _, block in blocks]


def run_to_end(block, **variables):
    """The ended process of the commands."""
    return subprocess.run(["bash", "-euc", block], cwd=ROOT, env=os.environ | variables, capture_output=True, text=True)


def run(block, **variables):
    """What the commands print."""
    ended = run_to_end(block, **variables)
    assert ended.returncode == 0, f"{block}\n{ended.stdout}{ended.stderr}"
    return ended.stdout.strip()
