#!/usr/bin/env python3
"""Tries what was deployed: that the API refuses requests without a token and, as the machine client, that it creates,
changes, reads and lists. Takes seconds.

    python3 tests/deployed/smoke.py [--without-token] [stack]     (default: organizations)

Needs boto3 and credentials that may describe the stack and its user pool client. The machine client has one
organization for this, which each run changes and none deletes. API_URL replaces the stack's URL. API_TOKEN replaces the
machine client's token. With both, nothing of AWS is needed. A stack without a machine client needs a token, or
--without-token: then only a refusal is tried.
"""

import argparse
import base64
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

NAME = "Smoke test"
MEMBER = "smoke-test"
TIMEOUT = 30


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--without-token", action="store_true")
    parser.add_argument("stack", nargs="?", default="organizations")
    arguments = parser.parse_args()
    stack = arguments.stack
    api = Api(os.environ.get("API_URL") or output(stack, "ApiUrl"))
    api.call(401, "GET", "/organization/list")
    if arguments.without_token:
        print("A request without a token was refused. Nothing else was tried.")
        return
    token = os.environ.get("API_TOKEN") or machine_token(stack)
    expect(token is not None, "The stack has no machine client. Set API_TOKEN, or pass --without-token.")
    api.token = token
    organization = find_or_create(api)
    path, version = f"/organization/{organization['id']}", organization["version"]
    changed = api.call(200, "PUT", path, {"name": NAME}, {"If-Match": f'"{version}"'})
    expect(changed["version"] == version + 1, f"the version must be {version + 1}: {changed}")
    expect(api.call(200, "GET", path) == changed, "getOrganization must return what updateOrganization did")
    limit = api.call(200, "PATCH", f"{path}/max-overages", {"maxOverages": version})
    expect(limit["maxOverages"] == version, f"the limit must be {version}: {limit}")
    api.call((201, 409), "POST", f"{path}/member", {"userId": MEMBER})
    member = f"{path}/member/{MEMBER}"
    expect(api.call(200, "PATCH", member, {"role": "admin"})["role"] == "admin", "the member must be an admin")
    members = [each["userId"] for each in api.call(200, "GET", f"{path}/member")]
    expect(MEMBER in members, f"the new member must be listed: {members}")
    left = api.call(200, "DELETE", member)
    expect(left["memberCount"] == len(members) - 1, f"one member less must be left: {left}")
    print("All succeeded.")


def find_or_create(api):
    """The organization for this test."""
    cursor = ""
    while True:
        page, headers = api.send(200, "GET", f"/organization/list{cursor}")
        for each in page:
            if each["name"] == NAME and each["role"] == "owner":
                return each
        if "Link" not in headers:
            break
        cursor = "?" + headers["Link"].split("?")[1].split(">")[0]
    return api.call(201, "POST", "/organization", {"organizationName": NAME})


class Api:
    def __init__(self, url):
        self.url, self.token = url.rstrip("/"), None

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
        sys.exit(problem)


def output(stack, name):
    """An output of the stack; None if the stack has none of that name."""
    import boto3

    (found,) = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}.get(name)


def machine_token(stack):
    """An access token for the stack's machine client; None if there is none."""
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
        urllib.parse.urlencode({"grant_type": "client_credentials"}).encode(),
        {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"},
    )
    status, text, _ = answer(request)
    expect(status == 200, f"the user pool gives no token: {status} {text}")
    return json.loads(text)["access_token"]


if __name__ == "__main__":
    main()
