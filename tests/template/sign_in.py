"""Users of a user pool, signed in with the commands of docs/deploy.md, and the black-box suite as these users."""

import json
import re
import subprocess
import urllib.parse

import client
from build import ROOT
from documents import commands, run

USERS = ("alice", "bob", "carol", "dave")
PASSWORD = "Correct-Horse-9"
# The parameters that docs/deploy.md sets for the suite.
PARAMETERS = dict(re.findall(r"(\w+)=(\S+)", commands("docs/deploy.md", "Tests against the deployed stack")[0]))
CALLBACK = PARAMETERS["CallbackUrls"]
_, CREATE, EXCHANGE, SERVICE, TEST = commands("docs/deploy.md", "Tests against the deployed stack")


class Pool:
    """A user pool with a client, as the outputs of a stack name them."""

    def __init__(self, outputs):
        self.variables = {
            "POOL": outputs["UserPoolId"],
            "CLIENT": outputs["AppClientId"],
            "MACHINE": outputs.get("MachineClientId", ""),
            "SIGN_IN": outputs["SignInUrl"],
            "PASSWORD": PASSWORD,
            "CALLBACK": CALLBACK,
        }

    def tokens(self):
        """Creates the users. Returns an access token of each, and one of a service."""
        run(CREATE, **self.variables)
        return {user: self.token(user) for user in USERS} | {"service": self.service_token()}

    def service_token(self):
        return json.loads(run(SERVICE, **self.variables))["access_token"]

    def token(self, user):
        return self._signed_in(user)["access_token"]

    def id_token(self, user):
        return self._signed_in(user, scope="+openid")["id_token"]

    def refused(self, scope):
        """Where the page for signing in leads if the app asks for another scope than its own."""
        status, headers, page = client.send("GET", f"{self._address()}+{scope}")
        assert status == 302, page
        return headers["Location"]

    def _address(self):
        return run(CREATE.split("\ndone\n")[1], **self.variables)

    def _signed_in(self, user, scope=""):
        address = self._address() + scope
        code = sign_in(address, f"{user}@example.com")
        return json.loads(run(EXCHANGE, CODE=code, **self.variables))


def sign_in(address, user):
    """Signs in at the user pool's page, as a browser does. Returns the code in the address that follows."""
    status, _, page = client.send("GET", address)
    assert status == 200, page
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    form = urllib.parse.urlencode(fields | {"username": user, "password": PASSWORD}).encode()
    status, headers, page = client.send("POST", urllib.parse.urljoin(address, "/login"), form)
    assert status == 302, page
    return urllib.parse.parse_qs(urllib.parse.urlsplit(headers["Location"]).query)["code"][0]


def black_box_suite(url, tokens):
    """Runs the suite with the documented command. Returns how many tests passed and failed, and those skipped,
    with the reasons."""
    command = TEST
    placeholders = ("https://…", '{"alice": "…", "bob": "…", "carol": "…", "dave": "…", "service": "…"}')
    for placeholder, value in zip(placeholders, (url, json.dumps(tokens))):
        assert placeholder in command, command
        command = command.replace(placeholder, value)
    ended = subprocess.run(["bash", "-euc", command], cwd=ROOT, capture_output=True, text=True)
    if ended.returncode:
        raise AssertionError(f"{ended.stdout}{ended.stderr}")
    passed, failed = map(int, re.search(r"test result: ok\. (\d+) passed; (\d+) failed", ended.stdout).groups())
    skipped = re.findall(r"^skipped against a deployed stack: (\S+): (.*)$", ended.stderr, re.MULTILINE)
    return passed - len(skipped), failed, skipped
