"""What Schemathesis cannot know: who sends a request, which data lead on, which refusals of valid requests are right,
what remains of a deleted organization, what reports of usage add up to, and what the emulator does.
"""

import collections
import datetime
import json
import os
import pathlib
import uuid

import schemathesis
from run import PATHS
from schemathesis.generation.meta import TestPhase
from schemathesis.openapi.checks import UseAfterFree

# The value of the header Authorization for each caller.
CALLERS = {
    caller["name"]: caller["fixedHeaders"][0]["value"]
    for caller in json.loads(pathlib.Path(os.environ["SCHEMATHESIS_USERS"]).read_text())["auth"]
}

# Error codes that a valid request may get because of the state of the data.
BY_STATE = {
    400: {"invalid_cursor"},
    412: {"precondition_failed"},
    422: {
        "idempotency_key_reused",
        "invitation_expired",
        "last_owner",
        "overages_exhausted",
        "too_many_admins",
        "too_many_invitations",
        "too_many_members",
        "too_many_organizations",
    },
}

# The rules for a name of spaces or invisible characters.
BLANK = {(field, rule) for field in ("name", "organizationName") for rule in ("length", "invisible")}

# The rules of metadata that a schema cannot describe.
METADATA_BYTES = {("metadata", "value_length"), ("metadata", "length")}

# In the stateful phase, fields get these values. Most generated ones would end the sequence, because a schema cannot
# describe valid ones. The other phases use generated values.
IN_SEQUENCES = {
    "domain": "acme.example.com",
    "email": "cat@example.com",
    "metadata": {"crm": "8041"},
    "owner": "ann",
    "period": datetime.datetime.now(datetime.UTC).strftime("%Y-%m"),
}

# How many operations of each path each organization has been through, and the organizations that are deleted.
stages, deleted = collections.Counter(), set()

# The total of each organization and period, as its reports recorded it.
totals = collections.Counter()


@schemathesis.check
def valid_requests_are_refused_only_because_of_the_state_of_the_data(context, response, case):
    if not is_positive(case) or response.status_code not in BY_STATE:
        return
    error = response.json()
    field, rule = (error.get("details", {}).get(name) for name in ("field", "rule"))
    # A schema cannot describe public suffixes or the result of IDNA for a domain, nor a name that is blank once trimmed.
    is_blank = (field, rule) in BLANK
    if error["code"] == "validation_failed" and (field in ("domain", "email") or is_blank):
        return
    # Nor which dates exist or are past, nor how many bytes a text has.
    if error["code"] == "validation_failed" and (field == "period" or (field, rule) in METADATA_BYTES):
        return
    if field in ("userId", "owner") and is_reserved((case.query if case.method == "GET" else case.body)[field]):
        return
    if field == "user_id" and is_reserved(case.path_parameters["user_id"]):
        return
    assert error["code"] in BY_STATE[response.status_code], f"a valid request is refused: {error}"


def is_reserved(user):
    """Not every validator of OpenAPI documents has the patterns that could exclude these ids."""
    return user in (".", "..") or user.startswith("service:")


@schemathesis.check
def a_deleted_organization_can_only_be_read_and_restored(context, response, case):
    organization, operation = (case.path_parameters or {}).get("organization_id"), name_of(case)
    if organization is None or response.status_code >= 300:
        return
    if operation == "deleteOrganization":
        deleted.add(organization)
    elif operation == "restoreOrganization":
        deleted.discard(organization)
    elif organization in deleted:
        is_read = operation in ("getOrganization", "listEvents")
        assert is_read, f"{operation} of a deleted organization succeeds"
        has_time = operation != "getOrganization" or "purgeAt" in response.json()
        assert has_time, "a deleted organization has no purgeAt"


@schemathesis.check
def events_have_consecutive_numbers_up_to_the_version(context, response, case):
    if name_of(case) != "listEvents" or response.status_code != 200:
        return
    numbers = [event["number"] for event in response.json()]
    first = int(case.query.get("after", 0)) + 1
    assert numbers == list(range(first, first + len(numbers))), f"events {numbers} after {first - 1}"
    version = int(response.headers["etag"][0].strip('"'))
    assert not numbers or numbers[-1] <= version, f"events {numbers} at version {version}"


@schemathesis.check
def usage_is_the_sum_of_what_reports_recorded_and_within_its_limit(context, response, case):
    if name_of(case) not in ("recordUsage", "getUsage") or response.status_code >= 300:
        return
    usage = response.json()
    used, limit, recorded = usage["used"], usage["maxOverages"], totals[period_of(usage)]
    assert used == recorded, f"{recorded} units were recorded, and {used} are used"
    assert usage["overages"] == max(0, used - usage["includedUnits"])
    if limit is None:
        assert usage["remaining"] is None
        return
    room = usage["includedUnits"] + limit - used
    assert usage["remaining"] == max(0, room)
    is_limited = adds(response) > 0 and case.body.get("overLimit") != "record"
    assert room >= 0 or not is_limited, f"a report made the total exceed the limit: {usage}"


def adds(response):
    """The units that a report added to its total. A repeated one added them before."""
    return 0 if "Idempotent-Replayed" in response.headers else response.json().get("recorded", 0)


def period_of(usage):
    return usage["organizationId"], usage["period"]


@schemathesis.hook
def after_call(context, case, response):
    """Adds up the reports of usage. Notes every path of PATHS that an organization has been through in a file."""
    if response.status_code >= 300:
        return
    operation, body = name_of(case), response.json()
    if operation == "recordUsage":
        totals[period_of(body)] += adds(response)
    for name, path in PATHS.items():
        if operation not in path:
            continue
        organization = body["organizationId"] if "organizationId" in body else body["id"]
        stage = path.index(operation)
        if stages[name, organization] == stage:
            stages[name, organization] += 1
            if stage + 1 == len(path):
                with open(os.environ["SCHEMATHESIS_PATHS"], "a") as whole_paths:
                    print(name, file=whole_paths)


@schemathesis.hook
def map_case(context, case):
    """Makes requests valid that are meant to be.

    In the coverage phase, Schemathesis makes the values of headers out of letters and digits. Entity tags need quotes,
    so it takes an invalid value instead, even for valid requests. The other phases generate valid entity tags.

    Sequences have no cursors, which would be those of other lists, and no idempotency keys, which would be those of
    earlier sequences. Their external ids are new. Links do not encode a percent sign in a path, so no user id has one.
    """
    if not is_positive(case):
        return case
    for name in {"If-Match", "If-None-Match"} & case.headers.keys():
        if case.headers[name].isalnum():
            del case.headers[name]
    if is_in_sequence(case):
        case.query.pop("cursor", None)
        case.headers.pop("Idempotency-Key", None)
        if isinstance(case.body, dict):
            case.body |= {name: value for name, value in IN_SEQUENCES.items() if case.body.get(name) is not None}
            if "externalId" in case.body:
                case.body["externalId"] = str(uuid.uuid4())
            if "%" in str(case.body.get("userId")):
                case.body["userId"] = "auth0|64cd"
    return case


@schemathesis.hook
def before_call(context, case, kwargs):
    """Lets another caller send what ann may not. Leaves requests with other tokens, or without one, alone.

    A service that sends an external id must also name an owner. It can look one up only without these parameters.
    """
    if is_positive(case) and name_of(case) == "createOrganization" and sends(case, "externalId"):
        case.body.setdefault("owner", IN_SEQUENCES["owner"])
    if is_positive(case) and name_of(case) == "listOrganizations" and "externalId" in case.query:
        for other in ("userId", "deleted"):
            case.query.pop(other, None)
    if case.headers.get("Authorization") == CALLERS["ann"]:
        case.headers["Authorization"] = CALLERS[caller_of(case)]
    # Most versions in a sequence are outdated, and few paths would be whole.
    if is_positive(case) and is_in_sequence(case) and any(name_of(case) in path for path in PATHS.values()):
        for name in ("If-Match", "If-None-Match"):
            case.headers.pop(name, None)


def caller_of(case):
    match name_of(case):
        # A user erases only that user, and ann is needed.
        case "addMember" | "setPlan" | "recordUsage" | "deleteUser":
            return "billing"
        case "createOrganization" if sends(case, "owner", "externalId"):
            return "billing"
        case "listOrganizations" if {"userId", "externalId"} & case.query.keys():
            return "billing"
        case "previewInvitation" | "acceptInvitation":
            return "cat"
        case _:
            return "ann"


def sends(case, *fields):
    """True if the body has one of these fields."""
    return isinstance(case.body, dict) and not case.body.keys().isdisjoint(fields)


def name_of(case):
    return case.operation.definition.raw["operationId"]


def is_positive(case):
    return case.meta is not None and case.meta.generation.mode.is_positive


def is_in_sequence(case):
    return case.meta.phase.name == TestPhase.STATEFUL


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Ignores the emulator's own 500 for a request that is not UTF-8: no event can contain it.

    Ignores that a deleted organization is still there: its owners can get and restore it. A check above is stricter. A
    user who is erased again is in no organization, which is no error.
    """
    emulator_failed = response.status_code == 500 and b"https://httpstatuses.com/500" in response.content
    stay = ("DELETE /organization/{organization_id}", "DELETE /user/{user_id}")
    is_restorable = isinstance(failure, UseAfterFree) and failure.operation in stay
    return not is_restorable and not (emulator_failed and not is_text(response.request))


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
