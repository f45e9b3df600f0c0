"""Calls of the generated Python client, and what their responses must be."""

import functools
import re
import unittest
import urllib.parse

import generated
import prism


class Caller:
    """A user or a service with the generated client. Has a method for every operation; `called` names those used."""

    def __init__(self, url, user, token):
        from organizations_api_client import AuthenticatedClient

        self.user, self.called, self.modules = user, set(), generated.modules()
        hooks = {"event_hooks": {"response": [prism.refuse_violations]}}
        self.client = AuthenticatedClient(url, token, httpx_args=hooks, raise_on_unexpected_status=True)

    def __getattr__(self, operation):
        self.called.add(operation)
        return functools.partial(self.modules[operation].sync_detailed, client=self.client)


class Calls(unittest.TestCase):
    def caller(self, url, user, token):
        caller = Caller(url, user, token)
        # Closes its connections after the test.
        self.enterContext(caller.client)
        return caller

    def success(self, response, status, model):
        self.assertEqual(response.status_code, status, response.content)
        self.assertIsInstance(response.parsed, model)
        return response.parsed

    def failure(self, response, status, code):
        self.assertEqual(response.status_code, status, response.content)
        self.assertEqual(response.parsed.code, code)
        return response.parsed

    def pages(self, operation, *path):
        """The items of a list, read one by one."""
        items, page = [], operation(*path, limit=1)
        while "Link" in page.headers:
            items += self.success(page, 200, list)
            [next_page] = re.findall('<([^>]+)>; rel="next"', page.headers["Link"])
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(next_page).query)
            page = operation(*path, limit=1, cursor=query["cursor"][0])
        return items + self.success(page, 200, list)
