"""Requests that use each action of each function's role."""

import itertools
import urllib.parse

import recording

unique = itertools.count()

NO_ORGANIZATION = "/organization/org_00000000000000000000000000"


class Team:
    """An organization with an owner and a member, a guest who is outside of it, a service, and the stack's record."""

    def __init__(self, owner, member, guest, service, record):
        self.owner, self.member, self.guest, self.service, self.record = owner, member, guest, service, record
        self.path = self.organization()
        self.join(self.path, member)

    def organization(self):
        """The path of a new organization of the owner. A service makes it, so it counts towards no limit."""
        body = {"organizationName": "Permissions", "owner": self.owner.subject()}
        return f"/organization/{self.service.expect(201, 'POST', '/organization', body)['id']}"

    def other(self):
        """The id and the path of a user outside the organization."""
        id = f"permissions|{next(unique)}"
        return id, f"{self.path}/member/{urllib.parse.quote(id)}"

    def added(self):
        """The path of a new member."""
        id, path = self.other()
        self.service.expect(201, "POST", f"{self.path}/member", {"userId": id})
        return path

    def invited(self, organization, email=None):
        """A new invitation to an organization, which is a path."""
        return self.owner.expect(201, "POST", f"{organization}/invitation", {"email": email})

    def join(self, organization, user, email=None):
        token = {"token": self.invited(organization, email)["token"]}
        user.expect(201, "POST", "/invitation/accept", token)


def address():
    return f"permissions-{next(unique)}@example.com"


def external_id():
    return f"permissions-{next(unique)}"


# Per function, requests that use each of its actions: a name, the expected status and the response.


def create_organization(team):
    body, key = {"organizationName": "Acme"}, f'"{next(unique)} {team.path}"'
    yield "create", 201, team.owner("POST", "/organization", body)
    yield "create with a key", 201, team.owner("POST", "/organization", body, Idempotency_Key=key)
    yield "repeat with this key", 201, team.owner("POST", "/organization", body, Idempotency_Key=key)
    body |= {"owner": team.owner.subject(), "externalId": external_id()}
    yield "create with an external id", 201, team.service("POST", "/organization", body)
    yield "create with a taken external id", 409, team.service("POST", "/organization", body)


def list_organizations(team):
    yield "list", 200, team.owner("GET", "/organization/list")
    path = f"/organization/list?externalId={external_id()}"
    yield "list by an external id", 200, team.service("GET", path)


def get_organization(team):
    yield "get", 200, team.owner("GET", team.path)


def update_organization(team):
    yield "update", 200, team.owner("PUT", team.path, {"name": "Acme"})
    yield "update by a member", 403, team.member("PUT", team.path, {"name": "Acme"})


def delete_organization(team):
    yield "delete", 200, team.owner("DELETE", team.organization())
    yield "delete by a member", 403, team.member("DELETE", team.path)


def restore_organization(team):
    path = team.organization()
    team.owner.expect(200, "DELETE", path)
    yield "restore", 200, team.owner("POST", f"{path}/restore")
    yield "restore by a member", 403, team.member("POST", f"{team.path}/restore")


def set_max_overages(team):
    yield "set", 200, team.owner("PATCH", f"{team.path}/max-overages", {"maxOverages": 5})
    yield "set by a member", 403, team.member("PATCH", f"{team.path}/max-overages", {"maxOverages": 5})


def set_plan(team):
    yield "set", 200, team.service("PATCH", f"{team.path}/plan", {"includedUnits": 5})
    yield "set of no organization", 404, team.service("PATCH", f"{NO_ORGANIZATION}/plan", {"includedUnits": 5})


def record_usage(team):
    path, key = f"{team.organization()}/usage", f'"{next(unique)} {team.path}"'
    # A new organization may use nothing.
    report = {"units": 5, "overLimit": "record"}
    yield "record the first units", 200, team.service("POST", path, report)
    yield "record more", 200, team.service("POST", path, report)
    yield "record with a key", 200, team.service("POST", path, report, Idempotency_Key=key)
    yield "repeat with this key", 200, team.service("POST", path, report, Idempotency_Key=key)


def get_usage(team):
    yield "get", 200, team.owner("GET", f"{team.path}/usage")


def list_events(team):
    yield "list", 200, team.owner("GET", f"{team.path}/event")


def list_members(team):
    yield "list", 200, team.owner("GET", f"{team.path}/member")


def add_member(team):
    id, _ = team.other()
    yield "add", 201, team.service("POST", f"{team.path}/member", {"userId": id})
    yield "add again", 409, team.service("POST", f"{team.path}/member", {"userId": id})
    yield "add to no organization", 404, team.service("POST", f"{NO_ORGANIZATION}/member", {"userId": id})


def get_member(team):
    yield "get", 200, team.owner("GET", f"{team.path}/member/{team.member.subject()}")


def update_member(team):
    path = team.added()
    yield "update", 200, team.owner("PATCH", path, {"role": "admin"})
    yield "update by a member", 403, team.member("PATCH", path, {"role": "member"})
    yield "update a stranger", 404, team.owner("PATCH", team.other()[1], {"role": "admin"})


def remove_member(team):
    path = team.added()
    yield "remove", 200, team.owner("DELETE", path)
    yield "remove again", 404, team.owner("DELETE", path)
    yield "remove by a member", 403, team.member("DELETE", team.added())
    yield "remove an invalid id", 404, team.owner("DELETE", f"{team.path}/member/no%20id")


def create_invitation(team):
    organization, email = team.organization(), address()
    path = f"{organization}/invitation"
    yield "invite", 201, team.owner("POST", path, {})
    yield "invite an address", 201, team.owner("POST", path, {"email": email})
    yield "renew", 200, team.owner("POST", path, {"email": email, "role": "admin"})
    yield "invite by a stranger", 404, team.member("POST", path, {})
    yield "invite by a member", 403, team.member("POST", f"{team.path}/invitation", {})
    email = address()
    team.join(organization, team.guest, email)
    yield "invite who has joined", 409, team.owner("POST", path, {"email": email})
    team.guest.expect(200, "DELETE", f"{organization}/member/{team.guest.subject()}")
    yield "invite who has left", 201, team.owner("POST", path, {"email": email})


def list_invitations(team):
    yield "list", 200, team.owner("GET", f"{team.path}/invitation")


def revoke_invitation(team):
    path = f"{team.path}/invitation/{team.invited(team.path)['id']}"
    yield "revoke by a member", 403, team.member("DELETE", path)
    yield "revoke", 200, team.owner("DELETE", path)
    yield "revoke again", 404, team.owner("DELETE", path)


def preview_invitation(team):
    token = {"token": team.invited(team.organization())["token"]}
    yield "preview", 200, team.guest("POST", "/invitation/preview", token)


def accept_invitation(team):
    token = {"token": team.invited(team.organization())["token"]}
    yield "accept", 201, team.guest("POST", "/invitation/accept", token)
    yield "accept again", 200, team.guest("POST", "/invitation/accept", token)
    yield "accept what another has accepted", 404, team.member("POST", "/invitation/accept", token)


def delete_user(team):
    id, path = team.other()
    team.service.expect(201, "POST", f"{team.path}/member", {"userId": id})
    yield "erase", 200, team.service("DELETE", f"/user/{urllib.parse.quote(id)}")


REQUESTS = {
    "CreateOrganizationFunction": create_organization,
    "ListOrganizationsFunction": list_organizations,
    "GetOrganizationFunction": get_organization,
    "UpdateOrganizationFunction": update_organization,
    "DeleteOrganizationFunction": delete_organization,
    "RestoreOrganizationFunction": restore_organization,
    "SetMaxOveragesFunction": set_max_overages,
    "SetPlanFunction": set_plan,
    "RecordUsageFunction": record_usage,
    "GetUsageFunction": get_usage,
    "ListEventsFunction": list_events,
    "ListMembersFunction": list_members,
    "AddMemberFunction": add_member,
    "GetMemberFunction": get_member,
    "UpdateMemberFunction": update_member,
    "RemoveMemberFunction": remove_member,
    "CreateInvitationFunction": create_invitation,
    "ListInvitationsFunction": list_invitations,
    "RevokeInvitationFunction": revoke_invitation,
    "PreviewInvitationFunction": preview_invitation,
    "AcceptInvitationFunction": accept_invitation,
    "DeleteUserFunction": delete_user,
    recording.FUNCTION: recording.requests,
}
