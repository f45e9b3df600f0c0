"""A second stack with every parameter set, and tokens of an issuer on this machine."""

import base64
import datetime
import http.server
import json
import os
import re
import subprocess
import time

import boto3
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

import client
import recording
from build import ROOT

ISSUER, AUDIENCE = "https://issuer.example", "organizations"
# Web pages, of which the stack allows the first two to call the API.
ORIGINS = ["https://app.example", "https://admin.example", "https://other.example"]
NAMES = [origin.removeprefix("https://") for origin in [ISSUER, *ORIGINS]]

PARAMETERS = {
    "JwtIssuer": ISSUER,
    "JwtAudience": AUDIENCE,
    "ReadScope": "read:organizations",
    "WriteScope": "write:organizations",
    "ServiceScope": "service:organizations",
    "MaxOrganizationsPerUser": "3",
    "DeletedOrganizationDays": "7",
    "EventRetentionDays": "90",
    "InvitationUrl": "https://app.example/invitation",
    "InviteeEmailClaim": "https://app.example/email",
    "CorsOrigins": ",".join(ORIGINS[:2]),
    "FailOnWarnings": "true",
    "ThrottlingRateLimit": "50",
    "ThrottlingBurstLimit": "60",
    "Release": "rehearsal",
    "Canary": "false",
    "Architecture": "x86_64",
    "MemorySize": "256",
    "ReservedConcurrency": "3",
    "LogLevel": "WARN",
    "LogRetentionDays": "7",
    "AlarmEmail": "ops@app.example",
    "DeletionProtection": "false",
}
# Of the user pool, or set by other steps.
OTHERS = {"CallbackUrls", "MachineClient", "DisableExecuteApi", "ExistingTable", "ExistingTableStream"}


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Signs tokens, and serves its discovery document, its key and empty pages."""

    def __init__(self, world):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        numbers = self.key.public_key().public_numbers()
        jwk = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "rehearsal"}
        for name, value in (("n", numbers.n), ("e", numbers.e)):
            jwk[name] = base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))
        documents = {
            "/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"},
            "/keys": {"keys": [jwk]},
        }

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                document = documents.get(self.path)
                self.send_response(200)
                self.send_header("Content-Type", "application/json" if document else "text/html")
                self.end_headers()
                self.wfile.write(json.dumps(document).encode() if document else b"<title>A page</title>")

            def log_message(self, *_):
                pass

        for name in NAMES:
            world.serve(name, Handler)

    def token(self, subject, scope=" ".join(PARAMETERS[name] for name in ("ReadScope", "WriteScope")), **more):
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + 3600, "scope": scope} | more
        parts = ({"alg": "RS256", "kid": "rehearsal"}, claims)
        message = ".".join(base64url(json.dumps(part).encode()) for part in parts)
        return f"{message}.{base64url(self.key.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def scopes(url, issuer):
    """Each scope allows its methods and no others, and the one of services allows all."""
    read, write, service = (issuer.token("ivy", PARAMETERS[f"{name}Scope"]) for name in ("Read", "Write", "Service"))
    both = issuer.token("ivy")
    body, member = {"organizationName": "Acme"}, {"userId": "bob"}
    its = f"/organization/{client.Api(url, write).expect(201, 'POST', '/organization', body)['id']}"
    for token, method, path, expected, body in [
        (read, "GET", "/organization/list", 200, None),
        (service, "GET", its, 200, None),
        (write, "GET", "/organization/list", 403, None),
        (read, "POST", "/organization", 403, body),
        (both, "POST", f"{its}/member", 403, member),
        (service, "POST", f"{its}/member", 201, member),
        (service, "PUT", its, 200, {"name": "Acme"}),
        (issuer.token("ivy", "organizations/read"), "GET", "/organization/list", 403, None),
        (issuer.token("ivy", "organizations/service"), "POST", f"{its}/member", 403, member),
        (both + "x", "GET", "/organization/list", 401, None),
    ]:
        client.Api(url, token).expect(expected, method, path, body)


def growth(url, issuer):
    """A user creates as many organizations as the parameter says. A deleted one can be restored as long as the other
    says, and counts until then."""
    user, body = client.Api(url, issuer.token("max")), {"organizationName": "Acme"}
    for _ in range(int(PARAMETERS["MaxOrganizationsPerUser"])):
        path = f"/organization/{user.expect(201, 'POST', '/organization', body)['id']}"
    deleted = user.expect(200, "DELETE", path)
    kept = when(deleted["purgeAt"]) - when(deleted["deletedAt"])
    assert abs(kept - datetime.timedelta(days=int(PARAMETERS["DeletedOrganizationDays"]))).total_seconds() <= 1, kept
    refusal = user.expect(422, "POST", "/organization", body)
    assert refusal["code"] == "too_many_organizations", refusal
    assert refusal["details"]["max"] == int(PARAMETERS["MaxOrganizationsPerUser"]), refusal


def retention(stack, url, issuer):
    """An event is kept for as long as the parameter says."""
    user = client.Api(url, issuer.token("rex"))
    organization = user.expect(201, "POST", "/organization", {"organizationName": "Acme"})
    (event,) = recording.stored_events(stack, organization["id"], 1)
    kept = int(event["expiresAt"]["N"]) - when(organization["createdAt"]).timestamp()
    assert abs(kept - int(PARAMETERS["EventRetentionDays"]) * 86400) <= 1, kept


def when(timestamp):
    return datetime.datetime.fromisoformat(timestamp)


def invitations(url, issuer):
    """An invitation has the page's address, and is accepted only by the user whose token has the invited one."""
    owner, body = client.Api(url, issuer.token("eve")), {"organizationName": "Acme"}
    path = f"/organization/{owner.expect(201, 'POST', '/organization', body)['id']}/invitation"
    invitation = owner.expect(201, "POST", path, {"email": "bob@app.example"})
    token = {"token": invitation["token"]}
    assert invitation["url"] == f"{PARAMETERS['InvitationUrl']}#{invitation['token']}", invitation["url"]
    for email, expected in [(None, 403), ("rob@app.example", 403), ("bob@app.example", 201)]:
        claims = {PARAMETERS["InviteeEmailClaim"]: email} if email else {}
        client.Api(url, issuer.token("bob", **claims)).expect(expected, "POST", "/invitation/accept", token)


def browser(url, issuer, world, test):
    """Runs tests/web/src/cors.test.ts, compiled."""
    variables = {
        "API_URL": url,
        "TOKEN": issuer.token("ann"),
        "PROXY": world.proxy_url,
        "ALLOWED": PARAMETERS["CorsOrigins"],
        "OTHER": ORIGINS[2],
    }
    command = ["node", "--test", "--test-reporter=spec", test]
    ended = subprocess.run(command, cwd=ROOT, env=os.environ | variables, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return re.findall(r"^✔ (.*) \(", ended.stdout, re.MULTILINE)


def settings(stack):
    """What the other parameters changed, as the services report it."""
    functions, resources = boto3.client("lambda"), stack.resources()
    for id, (kind, name) in resources.items():
        if kind == "AWS::Lambda::Function":
            config = functions.get_function_configuration(FunctionName=name, Qualifier="live")
            found = config["Architectures"], config["MemorySize"], config["Environment"]["Variables"]["RELEASE"]
            expected = [PARAMETERS["Architecture"]], int(PARAMETERS["MemorySize"]), PARAMETERS["Release"]
            assert found == expected, found
            reserved = functions.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
            assert reserved == (None if id == recording.FUNCTION else int(PARAMETERS["ReservedConcurrency"])), reserved
        if kind == "AWS::Logs::LogGroup":
            (group,) = boto3.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
            assert group["retentionInDays"] == int(PARAMETERS["LogRetentionDays"]), group
            if group["logGroupName"] == f"/aws/lambda/{stack.name}":
                events = boto3.client("logs").filter_log_events(logGroupName=name)["events"]
                lines = [each["message"] for each in events]
                assert lines and not [line for line in lines if '"INFO"' in line], lines
        if kind == "AWS::SNS::Topic":
            (mail,) = boto3.client("sns").list_subscriptions_by_topic(TopicArn=name)["Subscriptions"]
            assert (mail["Protocol"], mail["Endpoint"]) == ("email", PARAMETERS["AlarmEmail"]), mail
    table = boto3.client("dynamodb").describe_table(TableName=stack.outputs()["TableName"])["Table"]
    assert not table["DeletionProtectionEnabled"], table
