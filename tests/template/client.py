"""HTTPS requests of the rehearsal."""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def send(method, url, body=None, **headers):
    """Status, headers and body of the response, whatever its status."""
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        response = urllib.request.build_opener(NoRedirects).open(request, timeout=60)
    except urllib.error.HTTPError as error:
        response = error
    with response:
        return response.status, response.headers, response.read().decode()


class Api:
    """The API, as the caller with this token."""

    def __init__(self, url, token):
        self.url, self.token = url, token

    def subject(self):
        """The caller's id: the claim `sub`."""
        claims = self.token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]

    def __call__(self, method, path, body=None, **headers):
        """Status, headers and JSON of the response, or its text if it is not JSON. Underscores in the names of headers
        stand for hyphens."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers |= {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        status, headers, text = send(method, self.url + path, data, **headers)
        is_json = headers.get_content_type() == "application/json" and text
        return status, headers, json.loads(text) if is_json else text

    def expect(self, expected, method, path, body=None, **headers):
        """The JSON of a response with this status."""
        status, _, answer = self(method, path, body, **headers)
        assert status == expected, f"{method} {path}: {status} {answer}, expected {expected}"
        return answer
