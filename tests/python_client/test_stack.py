"""The generated Python client calls the local stack, directly and through Prism."""

import copy
import functools
import os
import subprocess
import sys
import unittest
import urllib.parse
import uuid

import generated
import local_stack
import prism
from calls import Calls


class Stack(Calls):
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
        tokens = {"TOKEN": self.stack.token("ann"), "BOBS_TOKEN": self.stack.token("bob")}
        environment = os.environ | {"API": self.stack.url} | tokens
        command = [sys.executable, "-c", generated.documented("python")]
        done = subprocess.run(command, cwd=self.directory, env=environment, capture_output=True, text=True)
        self.assertEqual((done.stdout, done.stderr), ("version 2 allows 500\nbob is a member\n", ""))

    def call_every_operation(self, url):
        """Every response has the status, and the model or code, that its request must get."""
        from organizations_api_client import models

        # Users of this call alone. Their ids have characters that a path does not contain as they are.
        ann, bob, eve = (f"auth0|{name}@{uuid.uuid4()}" for name in ("ann", "bob", "eve"))
        ann, bob, eve = (self.caller(url, user, self.stack.token(user)) for user in (ann, bob, eve))
        billing = self.caller(url, "service:billing", self.stack.token("billing", is_service=True))
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
        self.list_events(id, etag, ann, eve)

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

        member = self.invite_and_accept(id, ann, bob, eve, billing)
        self.assertEqual((member.user_id, member.role, member.added_by), (bob.user, models.Role.MEMBER, ann.user))
        eves = models.AddMemberRequest(user_id=eve.user)
        self.failure(ann.add_member(id, body=eves), 403, "insufficient_scope")
        added = self.success(billing.add_member(id, body=eves, if_match="*"), 201, models.Member)
        self.assertEqual((added.user_id, added.added_by), (eve.user, billing.user))
        self.failure(billing.add_member(id, body=eves), 409, "member_already_exists")
        self.assertEqual(self.success(bob.get_member(id, eve.user), 200, models.Member), added)
        self.success(eve.remove_member(id, eve.user), 200, models.Organization)
        self.failure(bob.get_member(id, eve.user), 404, "member_not_found")
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
        self.act_as_service(ann, billing)
        self.report_usage(id, ann, bob, eve, billing)
        self.delete_and_restore(id, ann, bob, billing)
        self.erase_users(id, ann, eve, billing)

        called = ann.called | bob.called | billing.called
        self.assertEqual(called, set(generated.operations(self.openapi)))

    def list_events(self, id, etag, ann, eve):
        """So far, there is one."""
        from organizations_api_client import models

        listed = ann.list_events(id, limit=10)
        self.assertEqual((listed.headers["ETag"], listed.headers.get("Link")), (etag, None))
        [event] = self.success(listed, 200, list)
        self.assertEqual((event.number, event.type_), (1, models.EventType.ORGANIZATION_CREATED))
        self.assertEqual((event.actor.kind, event.actor.id), (models.EventActorKind.USER, ann.user))
        self.assertEqual((event.changes.name.from_, event.changes.name.to), (None, "Acme"))
        self.assertEqual((event.changes.max_overages.to, event.changes.metadata.to.to_dict()), (0, {}))
        self.assertFalse(event.target or event.changes.role)
        self.assertEqual(self.success(ann.list_events(id, after=1), 200, list), [])
        self.assertEqual(ann.list_events(id, if_none_match=etag).status_code, 304)
        self.failure(ann.list_events(id, if_match='"7"'), 412, "precondition_failed")
        self.failure(eve.list_events(id), 404, "organization_not_found")

    def erase_users(self, id, ann, eve, billing):
        """A service erases a member, then the owner, with whom the organizations end."""
        from organizations_api_client import models

        self.success(billing.add_member(id, body=models.AddMemberRequest(user_id=eve.user)), 201, models.Member)
        details = self.failure(billing.delete_user(ann.user), 422, "last_owner").details
        self.assertEqual(details.organization_ids, [id])
        details = self.failure(billing.delete_user("service:crm"), 422, "validation_failed").details
        self.assertEqual((details.field, details.rule), ("user_id", "user_id"))
        self.failure(ann.delete_user(eve.user), 403, "forbidden")
        left = self.success(eve.delete_user(eve.user), 200, models.Erasure)
        self.assertEqual((left.left, left.deleted), ([id], []))
        owned = {item.id for item in self.pages(ann.list_organizations)}
        ended = self.success(ann.delete_user(ann.user), 200, models.Erasure)
        self.assertEqual((set(ended.left), ended.left), (owned, ended.deleted))
        self.failure(billing.get_organization(id), 404, "organization_not_found")

    def invite_and_accept(self, id, ann, bob, eve, billing):
        """Returns bob's membership, which ann's invitation gave him."""
        from organizations_api_client import models

        address = models.CreateInvitationRequest(email="Bob@Example.com", role=models.CreateInvitationRequestRole.OWNER)
        created = ann.create_invitation(id, body=address, if_match="*")
        first = self.success(created, 201, models.InvitationWithToken)
        self.assertEqual(created.headers["Location"], f"invitation/{first.id}")
        self.assertEqual((first.email, first.status), ("bob@example.com", models.InvitationStatus.PENDING))
        address.role, address.expires_in_days = models.CreateInvitationRequestRole.MEMBER, 30
        renewed = self.success(ann.create_invitation(id, body=address), 200, models.InvitationWithToken)
        self.assertEqual((renewed.id, renewed.role), (first.id, models.Role.MEMBER))
        created = billing.create_invitation(id, body=models.CreateInvitationRequest())
        link = self.success(created, 201, models.InvitationWithToken)
        self.assertEqual((link.email, link.invited_by), (None, billing.user))
        address.email = "bob@localhost"
        details = self.failure(ann.create_invitation(id, body=address), 422, "validation_failed").details
        self.assertEqual((details.field, details.rule), ("email", "email"))

        invitations = self.pages(ann.list_invitations, id)
        self.assertEqual({item.id for item in invitations}, {renewed.id, link.id})
        revoked = self.success(ann.revoke_invitation(id, link.id), 200, models.Invitation)
        self.assertEqual(revoked.status, models.InvitationStatus.REVOKED)
        self.failure(ann.revoke_invitation(id, link.id), 404, "invitation_not_found")
        self.failure(bob.list_invitations(id), 404, "organization_not_found")

        old, token = (models.InvitationTokenRequest(token=item.token) for item in (first, renewed))
        self.failure(bob.accept_invitation(body=old), 404, "invitation_not_found")
        self.failure(billing.preview_invitation(body=token), 403, "forbidden")
        preview = self.success(bob.preview_invitation(body=token), 200, models.InvitationPreview)
        self.assertEqual((preview.organization_name, preview.invited_by), ("Acme Europe", ann.user))
        self.failure(ann.accept_invitation(body=token), 409, "member_already_exists")
        joined = bob.accept_invitation(body=token)
        member = self.success(joined, 201, models.Member)
        path = f"/organization/{id}/member/{urllib.parse.quote(bob.user, safe='')}"
        self.assertEqual(joined.headers["Location"], f"..{path}")
        self.assertEqual(self.success(bob.accept_invitation(body=token), 200, models.Member), member)
        self.failure(eve.accept_invitation(body=token), 404, "invitation_not_found")
        self.assertEqual(self.pages(ann.list_invitations, id), [])
        return member

    def act_as_service(self, ann, billing):
        """A service creates organizations for users, and lists a user's."""
        from organizations_api_client import models

        crm = models.Metadata.from_dict({"crm": "8041"})
        initech = models.ByNameAsInOtherOperations(name="Initech", metadata=crm)
        details = self.failure(billing.create_organization(body=initech), 400, "invalid_request").details
        self.assertEqual(details.field, "owner")
        initech.owner = ann.user
        details = self.failure(ann.create_organization(body=initech), 403, "forbidden").details
        self.assertEqual(details.field, "owner")
        created = self.success(billing.create_organization(body=initech), 201, models.Organization)
        self.assertEqual((created.role, created.created_by, created.metadata), (None, billing.user, crm))
        initech.external_id = f"cus/{uuid.uuid4()}?#"
        found = self.success(billing.create_organization(body=initech), 201, models.Organization)
        self.failure(billing.create_organization(body=initech), 409, "external_id_taken")
        self.assertEqual(found.external_id, initech.external_id)
        by_id = billing.list_organizations(external_id=found.external_id)
        self.assertEqual(self.success(by_id, 200, list), [found])
        listed = functools.partial(billing.list_organizations, user_id=ann.user)
        self.assertEqual(self.pages(listed), self.pages(ann.list_organizations))
        self.failure(billing.list_organizations(), 400, "invalid_request")
        refused = self.failure(ann.list_organizations(user_id=ann.user), 403, "forbidden")
        self.assertEqual(refused.details.field, "userId")

    def report_usage(self, id, ann, bob, eve, billing):
        """A service sets the plan of an organization with one member, and meters it."""
        from organizations_api_client import models

        limits = models.SetPlanRequest(included_units=100, max_members=1)
        self.failure(ann.set_plan(id, body=limits), 403, "insufficient_scope")
        plan = self.success(billing.set_plan(id, body=limits, if_match="*"), 200, models.Plan)
        self.assertEqual((plan.included_units, plan.max_members, plan.updated_by), (100, 1, billing.user))
        full = billing.add_member(id, body=models.AddMemberRequest(user_id=bob.user))
        self.assertEqual(self.failure(full, 422, "too_many_members").details.max_, 1)
        limits = models.SetPlanRequest(max_members=None)
        self.assertIsNone(self.success(billing.set_plan(id, body=limits), 200, models.Plan).max_members)
        none = models.SetMaxOveragesRequest(max_overages=0)
        self.success(ann.set_max_overages(id, body=none), 200, models.OverageConfiguration)

        key, report = str(uuid.uuid4()), models.RecordUsageRequest(units=60)
        first = billing.record_usage(id, body=report, idempotency_key=key)
        usage = self.success(first, 200, models.RecordedUsage)
        self.assertEqual((usage.recorded, usage.used, usage.overages, usage.remaining), (60, 60, 0, 40))
        again = billing.record_usage(id, body=report, idempotency_key=key)
        self.assertEqual(self.success(again, 200, models.RecordedUsage), usage)
        self.assertNotIn("Idempotent-Replayed", first.headers)
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        other = models.RecordUsageRequest(units=41)
        self.failure(billing.record_usage(id, body=other, idempotency_key=key), 422, "idempotency_key_reused")
        details = self.failure(billing.record_usage(id, body=other), 422, "overages_exhausted").details
        self.assertEqual(details.remaining, 40)
        other.over_limit = models.RecordUsageRequestOverLimit.PARTIAL
        self.assertEqual(self.success(billing.record_usage(id, body=other), 200, models.RecordedUsage).recorded, 40)
        back = models.RecordUsageRequest(units=-25, period=usage.period)
        self.assertEqual(self.success(billing.record_usage(id, body=back), 200, models.RecordedUsage).recorded, -25)
        never = models.RecordUsageRequest(units=1, period="2026-02-30")
        details = self.failure(billing.record_usage(id, body=never), 422, "validation_failed").details
        self.assertEqual((details.field, details.rule), ("period", "format"))

        total = self.success(ann.get_usage(id, period=usage.period), 200, models.Usage)
        self.assertEqual((total.used, total.remaining), (75, 25))
        self.assertEqual(self.success(ann.get_usage(id, period="2020-01"), 200, models.Usage).used, 0)
        self.failure(eve.get_usage(id), 404, "organization_not_found")

    def delete_and_restore(self, id, ann, bob, billing):
        from organizations_api_client import models

        self.failure(bob.delete_organization(id), 404, "organization_not_found")
        current = ann.get_organization(id)
        deleted = ann.delete_organization(id, if_match=current.headers["ETag"])
        organization = self.success(deleted, 200, models.Organization)
        self.assertGreater(organization.purge_at, organization.deleted_at)
        self.assertEqual(self.success(ann.get_organization(id), 200, models.Organization), organization)
        self.assertEqual(self.success(billing.get_organization(id), 200, models.Organization).role, None)
        self.failure(ann.list_members(id), 409, "organization_deleted")
        self.assertNotIn(id, [item.id for item in self.pages(ann.list_organizations)])
        of_ann = functools.partial(billing.list_organizations, user_id=ann.user, deleted=True)
        for listed in (functools.partial(ann.list_organizations, deleted=True), of_ann):
            self.assertEqual(self.pages(listed), [organization])

        restored = ann.restore_organization(id, if_match=deleted.headers["ETag"])
        organization = self.success(restored, 200, models.Organization)
        self.assertFalse(organization.deleted_at or organization.purge_at)
        self.assertIn(organization, self.pages(ann.list_organizations))
        self.failure(ann.delete_organization(id, if_match=deleted.headers["ETag"]), 412, "precondition_failed")


if __name__ == "__main__":
    unittest.main()
