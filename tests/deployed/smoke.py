#!/usr/bin/env python3
"""Tries what was deployed: that the API refuses requests without a token and that, as the machine client, a user and a
service create, change, read, list, invite, meter, erase and delete, and that changes are recorded. Takes seconds.

    python3 tests/deployed/smoke.py [--without-token] [stack]     (default: organizations)

Needs boto3 and credentials that may describe the stack and its user pool client. The machine client asks for two
tokens: a user's, with the scopes for reading and writing, and a service's. As a user, it has one organization for
this, which each run restores, changes and deletes again: a new one each time would count towards
MaxOrganizationsPerUser. So after a run, only lists of deleted organizations show anything of it.

API_URL replaces the stack's URL. API_TOKEN replaces the user's token, and API_SERVICE_TOKEN the service's. With
API_TOKEN alone, no service is tried. With API_URL and API_TOKEN, nothing of AWS is needed. A stack without a machine
client needs a token, or --without-token: then only a refusal is tried.
"""

import argparse
import base64
import json
import os
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

NAME = "Smoke test"
MEMBER = "smoke-test"
# The scopes of the stack's user pool.
USER_SCOPES = "organizations/read organizations/write"
SERVICE_SCOPE = "organizations/service"
TIMEOUT = 30
# Seconds. Recording a change takes less than one, but a new mapping of the stream starts within minutes.
RECORDED_WITHIN = 180


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--without-token", action="store_true")
    parser.add_argument("stack", nargs="?", default="organizations")
    arguments = parser.parse_args()
    stack = arguments.stack
    url = os.environ.get("API_URL") or output(stack, "ApiUrl")
    Api(url).call(401, "GET", "/organization/list")
    if arguments.without_token:
        print("A request without a token was refused. Nothing else was tried.")
        return
    token = os.environ.get("API_TOKEN") or machine_token(stack, USER_SCOPES)
    expect(token is not None, "The stack has no machine client. Set API_TOKEN, or pass --without-token.")
    service_token = os.environ.get("API_SERVICE_TOKEN")
    if service_token is None and "API_TOKEN" not in os.environ:
        service_token = machine_token(stack, SERVICE_SCOPE)
    user = Api(url, token)
    organization = restored_or_created(user)
    path = f"/organization/{organization['id']}"
    try:
        try_changes(user, path, organization["version"])
        try_invitation(user, path)
        if service_token:
            try_service(Api(url, service_token), user, path)
    finally:
        user.call(200, "DELETE", path)
    expect(organization["id"] not in ids(user, "/organization/list"), "a deleted organization must not be listed")
    deleted = ids(user, "/organization/list", "?deleted=true")
    expect(organization["id"] in deleted, "a deleted organization must be in the list of those that can be restored")
    print("All succeeded." if service_token else "All succeeded. Without a service's token, no service was tried.")


def restored_or_created(user):
    """The user's organization for this test."""
    for each in everything(user, "/organization/list"):
        # An earlier run could not delete it.
        if each["name"] == NAME and each["role"] == "owner":
            return each
    for each in everything(user, "/organization/list", "?deleted=true"):
        if each["name"] == NAME:
            return user.call(200, "POST", f"/organization/{each['id']}/restore")
    return user.call(201, "POST", "/organization", {"organizationName": NAME})


def try_changes(user, path, version):
    changed = user.call(200, "PUT", path, {"name": NAME}, {"If-Match": f'"{version}"'})
    expect(changed["version"] == version + 1, f"the version must be {version + 1}: {changed}")
    expect(user.call(200, "GET", path) == changed, "getOrganization must return what updateOrganization did")
    limit = user.call(200, "PATCH", f"{path}/max-overages", {"maxOverages": version})
    expect(limit["maxOverages"] == version, f"the limit must be {version}: {limit}")
    try_events(user, path, limit["version"])
    # Only a service adds a member without an invitation.
    user.call(403, "POST", f"{path}/member", {"userId": MEMBER})


def try_events(user, path, version):
    """The last two changes are listed. The list gets to the last one once the one before it was recorded."""
    deadline = time.monotonic() + RECORDED_WITHIN
    while True:
        events = everything(user, f"{path}/event", f"?after={version - 2}")
        numbers = [event["number"] for event in events]
        if numbers == [version - 1, version]:
            return
        expect(time.monotonic() < deadline, f"events {version - 1} and {version} must be listed: {numbers}")
        time.sleep(1)


def try_invitation(user, path):
    """A link, which the user can see but not accept, being a member."""
    invitation = user.call(201, "POST", f"{path}/invitation", {})
    token = {"token": invitation["token"]}
    preview = user.call(200, "POST", "/invitation/preview", token)
    expect(path.endswith(preview["organizationId"]), f"the preview must be of {path}: {preview}")
    user.call(409, "POST", "/invitation/accept", token)
    expect(invitation["id"] in ids(user, f"{path}/invitation"), "the new invitation must be listed")
    user.call(200, "DELETE", f"{path}/invitation/{invitation['id']}")
    user.call(404, "POST", "/invitation/preview", token)


def try_service(service, user, path):
    """The service adds a member to the user's organization, and creates one of another user's."""
    service.call((201, 409), "POST", f"{path}/member", {"userId": MEMBER})
    member = f"{path}/member/{MEMBER}"
    changed = user.call(200, "PATCH", member, {"role": "admin"})
    expect(changed["role"] == "admin", f"the member must be an admin: {changed}")
    expect(user.call(200, "GET", member) == changed, "getMember must return what updateMember did")
    members = [each["userId"] for each in everything(user, f"{path}/member")]
    expect(MEMBER in members, f"the new member must be listed: {members}")
    left = user.call(200, "DELETE", member)
    expect(left["memberCount"] == len(members) - 1, f"one member less must be left: {left}")
    leaver = f"{MEMBER}-{uuid.uuid4()}"
    service.call(201, "POST", f"{path}/member", {"userId": leaver})
    erased = service.call(200, "DELETE", f"/user/{leaver}")
    left = {"left": [path.removeprefix("/organization/")], "deleted": []}
    expect(erased == left, f"the erased user must have left: {erased}")
    external_id = f"{MEMBER}-{uuid.uuid4()}"
    new = {"organizationName": NAME, "owner": MEMBER, "externalId": external_id}
    made = service.call(201, "POST", "/organization", new)
    try:
        user.call(404, "GET", f"/organization/{made['id']}")
        listed = ids(service, "/organization/list", f"?userId={MEMBER}")
        expect(made["id"] in listed, "the service's organization must be in its owner's list")
        found = ids(service, "/organization/list", f"?externalId={external_id}")
        expect(found == [made["id"]], f"the external id must be the service's organization's: {found}")
        try_usage(service, f"/organization/{made['id']}")
    finally:
        service.call(200, "DELETE", f"/organization/{made['id']}")


def try_usage(service, path):
    """The service sets a plan and reports usage up to its limit, to an organization without any."""
    plan = service.call(200, "PATCH", f"{path}/plan", {"includedUnits": 10, "maxMembers": 5})
    expect((plan["includedUnits"], plan["maxMembers"]) == (10, 5), f"the plan must be as it was set: {plan}")
    first = service.call(200, "POST", f"{path}/usage", {"units": 7})
    expect((first["used"], first["recorded"]) == (7, 7), f"7 units must be recorded: {first}")
    # Another month may have begun since.
    period = first["period"]
    refused = service.call(422, "POST", f"{path}/usage", {"units": 4, "period": period})
    expect(refused["details"]["remaining"] == 3, f"3 units must remain: {refused}")
    # With a key, a report that is sent again is counted once.
    report, key = {"units": 4, "period": period, "overLimit": "partial"}, {"Idempotency-Key": f'"{uuid.uuid4()}"'}
    for _ in range(2):
        rest = service.call(200, "POST", f"{path}/usage", report, key)
        expect((rest["used"], rest["recorded"]) == (10, 3), f"what fits must be recorded once: {rest}")
    usage = service.call(200, "GET", f"{path}/usage?period={period}")
    expect((usage["used"], usage["remaining"]) == (10, 0), f"nothing must remain: {usage}")


def ids(api, path, query=""):
    return [each["id"] for each in everything(api, path, query)]


def everything(api, path, query=""):
    """The items on all pages of a list."""
    while True:
        page, headers = api.send(200, "GET", f"{path}{query}")
        yield from page
        if "Link" not in headers:
            return
        query = "?" + headers["Link"].split("?")[1].split(">")[0]


class Api:
    def __init__(self, url, token=None):
        self.url, self.token = url.rstrip("/"), token

    def call(self, expected, method, path, body=None, headers=None):
        """The body of the response, whose status must be the expected one or one of them."""
        return self.send(expected, method, path, body, headers)[0]

    def send(self, expected, method, path, body=None, headers=None):
        headers = {"Content-Type": "application/json"} | (headers or {})
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        status, text, headers = answer(request)
        print(f"{method} {path.split('?')[0]}: {status}")
        allowed = expected if isinstance(expected, tuple) else (expected,)
        expect(status in allowed, f"the status must be {' or '.join(map(str, allowed))}: {text}")
        return json.loads(text), headers


def answer(request):
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            return response.status, response.read().decode(), response.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


def expect(condition, problem):
    if not condition:
        # At once, because what follows may fail as well. A token of an invitation must not be in a log.
        print(re.sub(r"invt_[\w-]+", "invt_…", problem), file=sys.stderr, flush=True)
        sys.exit(1)


def output(stack, name):
    """An output of the stack; None if the stack has none of that name."""
    import boto3

    (found,) = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}.get(name)


def machine_token(stack, scopes):
    """An access token with these scopes for the stack's machine client; None if there is none."""
    import boto3

    client_id = output(stack, "MachineClientId")
    if client_id is None:
        return None
    pool = boto3.client("cognito-idp")
    described = pool.describe_user_pool_client(UserPoolId=output(stack, "UserPoolId"), ClientId=client_id)
    secret = described["UserPoolClient"]["ClientSecret"]
    basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    request = urllib.request.Request(
        output(stack, "SignInUrl") + "/oauth2/token",
        urllib.parse.urlencode({"grant_type": "client_credentials", "scope": scopes}).encode(),
        {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"},
    )
    status, text, _ = answer(request)
    expect(status == 200, f"the user pool gives no token: {status} {text}")
    return json.loads(text)["access_token"]


if __name__ == "__main__":
    main()
