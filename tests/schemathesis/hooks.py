"""Rules that Schemathesis cannot know: which refusals of valid requests are right, and what the emulator does."""

import schemathesis
from schemathesis.specs.openapi.checks import RejectedPositiveData

# Error codes that a valid request may get because of the state of the data.
BY_STATE = {
    400: {"invalid_cursor"},
    412: {"precondition_failed"},
    422: {"idempotency_key_reused", "last_owner", "too_many_admins"},
}


@schemathesis.check
def valid_requests_are_refused_only_because_of_the_state_of_the_data(context, response, case):
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in BY_STATE:
        return
    error = response.json()
    # A schema cannot describe public suffixes or the result of IDNA for a domain, nor visible characters of a name.
    if error["code"] == "validation_failed":
        field, rule = error["details"]["field"], error["details"]["rule"]
        if field == "domain" or rule == "invisible" or (field == "userId" and is_reserved(case.body["userId"])):
            return
    assert error["code"] in BY_STATE[response.status_code], f"a valid request is refused: {error}"


def is_reserved(user):
    """Not every validator of OpenAPI documents has the patterns that could exclude these ids."""
    return user in (".", "..") or user.startswith("service:")


@schemathesis.hook
def map_case(context, case):
    """Removes invalid entity tags from requests that are meant to be valid.

    In the coverage phase, Schemathesis makes the values of headers out of letters and digits. Entity tags need quotes,
    so it takes an invalid value instead, even for valid requests. The other phases generate valid entity tags.
    """
    if case.meta is not None and case.meta.generation.mode.is_positive:
        for name in {"If-Match", "If-None-Match"} & case.headers.keys():
            if case.headers[name].isalnum():
                del case.headers[name]
    return case


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Ignores the emulator's own 500 for a request that is not UTF-8: no event can contain it."""
    emulator_failed = response.status_code == 500 and b"https://httpstatuses.com/500" in response.content
    return not (emulator_failed and not is_text(response.request))


def is_text(request):
    parts = [as_sent(part) for header in request.headers.items() for part in header]
    try:
        for part in [*parts, as_sent(request.body or b"")]:
            part.decode()
    except UnicodeDecodeError:
        return False
    return True


def as_sent(part):
    return part if isinstance(part, bytes) else part.encode("latin-1")
