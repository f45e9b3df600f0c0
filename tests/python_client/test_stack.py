"""The generated Python client calls the local stack, directly and through Prism."""

import copy
import functools
import os
import re
import subprocess
import sys
import unittest
import urllib.parse
import uuid

import generated
import local_stack
import prism


class Caller:
    """A user with the generated client. Has a method for every operation; `called` names those that were used."""

    def __init__(self, url, user, token):
        from organizations_api_client import AuthenticatedClient

        self.user, self.called, self.modules = user, set(), generated.modules()
        hooks = {"event_hooks": {"response": [prism.refuse_violations]}}
        self.client = AuthenticatedClient(url, token, httpx_args=hooks, raise_on_unexpected_status=True)

    def __getattr__(self, operation):
        self.called.add(operation)
        return functools.partial(self.modules[operation].sync_detailed, client=self.client)


class Stack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = generated.client()
        dynamodb_port = str(local_stack.free_port())
        cls.stack = cls.enterClassContext(local_stack.running("--in-memory", "--dynamodb-port", dynamodb_port))
        cls.openapi = generated.openapi()

    def test_every_operation_works(self):
        self.call_every_operation(self.stack.url)

    def test_every_operation_works_through_prism(self):
        with prism.proxy(self.openapi, self.stack.url) as url:
            self.call_every_operation(url)

    def test_prism_finds_an_invalid_response(self):
        openapi = copy.deepcopy(self.openapi)
        openapi["components"]["schemas"]["Organization"]["required"].append("colour")
        with prism.proxy(openapi, self.stack.url) as url:
            with self.assertRaisesRegex(prism.Violation, "must have required property 'colour'"):
                self.call_every_operation(url)

    def test_the_client_in_the_documentation_works(self):
        environment = os.environ | {"API": self.stack.url, "TOKEN": self.stack.token("ann")}
        command = [sys.executable, "-c", generated.documented("python")]
        done = subprocess.run(command, cwd=self.directory, env=environment, capture_output=True, text=True)
        self.assertEqual((done.stdout, done.stderr), ("version 2 allows 500\n", ""))

    def call_every_operation(self, url):
        """Every response has the status, and the model or code, that its request must get."""
        from organizations_api_client import models

        # Users of this call alone. Their ids have characters that a path does not contain as they are.
        ann, bob, eve = (f"auth0|{name}@{uuid.uuid4()}" for name in ("ann", "bob", "eve"))
        ann, bob, eve = (self.caller(url, user, self.stack.token(user)) for user in (ann, bob, eve))
        acme = models.ByOrganizationName(organization_name="Acme", domain="Acme.example.")
        globex = models.ByNameAsInOtherOperations(name="Globex")
        key = str(uuid.uuid4())

        created = ann.create_organization(body=acme, idempotency_key=key)
        organization = self.success(created, 201, models.Organization)
        self.assertEqual((organization.domain, organization.role), ("acme.example", models.Role.OWNER))
        again = ann.create_organization(body=acme, idempotency_key=key)
        self.assertEqual(self.success(again, 201, models.Organization), organization)
        other = ann.create_organization(body=globex, idempotency_key=key)
        self.failure(other, 422, "idempotency_key_reused")
        self.success(ann.create_organization(body=globex), 201, models.Organization)
        anonymous = self.caller(url, ann.user, "none")
        self.failure(anonymous.create_organization(body=globex), 401, "unauthorized")

        organizations = self.pages(ann.list_organizations)
        self.assertEqual([item.name for item in organizations], ["Acme", "Globex"])
        self.failure(ann.list_organizations(cursor="none"), 400, "invalid_cursor")

        id, etag = organization.id, created.headers["ETag"]
        self.assertEqual(self.success(ann.get_organization(id), 200, models.Organization), organization)
        self.assertEqual(ann.get_organization(id, if_none_match=etag).status_code, 304)
        self.failure(eve.get_organization(id), 404, "organization_not_found")

        rename = models.UpdateOrganizationRequest(name="Acme Europe", domain=None)
        renamed = ann.update_organization(id, body=rename, if_match=etag)
        organization = self.success(renamed, 200, models.Organization)
        self.assertEqual((organization.name, organization.domain, organization.version), ("Acme Europe", None, 2))
        stale = ann.update_organization(id, body=rename, if_match=etag)
        self.assertEqual(self.failure(stale, 412, "precondition_failed").details.current_version, 2)
        suffix = ann.update_organization(id, body=models.UpdateOrganizationRequest(domain="co.uk"))
        details = self.failure(suffix, 422, "validation_failed").details
        self.assertEqual((details.field, details.rule), ("domain", "public_suffix"))

        unlimited = models.SetMaxOveragesRequest(max_overages=None)
        limit = ann.set_max_overages(id, body=unlimited, if_match=f'"7", {renamed.headers["ETag"]}')
        self.assertIsNone(self.success(limit, 200, models.OverageConfiguration).max_overages)

        bobs = models.AddMemberRequest(user_id=bob.user)
        member = self.success(ann.add_member(id, body=bobs, if_match="*"), 201, models.Member)
        self.assertEqual((member.user_id, member.role, member.added_by), (bob.user, models.Role.MEMBER, ann.user))
        self.failure(ann.add_member(id, body=bobs), 409, "member_already_exists")
        members = self.pages(bob.list_members, id)
        self.assertEqual([item.user_id for item in members], [ann.user, bob.user])
        refused = self.failure(bob.set_max_overages(id, body=unlimited), 403, "forbidden")
        self.assertEqual(refused.details.required_role, "admin")

        promotion = models.UpdateMemberRequest(role=models.Role.ADMIN)
        promoted = self.success(ann.update_member(id, bob.user, body=promotion), 200, models.Member)
        self.assertEqual(promoted.role, models.Role.ADMIN)
        self.failure(ann.update_member(id, eve.user, body=promotion), 404, "member_not_found")

        self.failure(ann.remove_member(id, ann.user), 422, "last_owner")
        left = self.success(bob.remove_member(id, bob.user), 200, models.Organization)
        self.assertEqual((left.role, left.member_count), (None, 1))

        self.assertEqual(ann.called | bob.called, set(generated.operations(self.openapi)))

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


if __name__ == "__main__":
    unittest.main()
