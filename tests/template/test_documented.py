"""The templates in docs/events.md, by which others subscribe to the bus, pass cfn-lint."""

import re
import unittest

from build import ROOT
from cfnlint.api import ManualArgs, lint


def templates():
    """The blocks of YAML in the document."""
    return re.findall(r"^```yaml\n(.*?)^```", (ROOT / "docs/events.md").read_text(), re.MULTILINE | re.DOTALL)


def problems(template):
    return [str(match) for match in lint(template, config=ManualArgs(regions=["us-east-1"]))]


class Documented(unittest.TestCase):
    def test_the_templates_have_no_problem(self):
        self.assertEqual(len(templates()), 2)
        for template in templates():
            self.assertEqual(problems(template), [], template)

    def test_a_problem_would_be_found(self):
        queue, webhook = templates()
        self.assertTrue(problems(queue.replace("Members.Arn", "Guests.Arn")))
        self.assertTrue(problems(webhook.replace("HttpMethod", "Method")))
