"""What the function record-events of a deployed stack does, seen from outside: in the lists of the API, in a queue that a
rule on the bus fills, in the table, and in the queue of failures."""

import contextlib
import itertools
import json
import re
import time

import boto3

FUNCTION, MAPPING = "RecordEventsFunction", "RecordEventsFunctionStream"
RULE = "rehearsal"
# In its log lines. Nobody sees the ids of its invocations.
OPERATION = "recordEvents"
# An organization that does not exist.
UNREADABLE = "org_01ARZ3NDEKTSV4RRFFQ69G5FAV"
# MiniStack looks at the stream at once, and again a second after a failure.
PATIENCE = 6
POLL = 0.1

unique = itertools.count()


def within_patience(attempt):
    """The first true value that the function returns, or its last value."""
    deadline = time.monotonic() + PATIENCE
    while not (found := attempt()) and time.monotonic() < deadline:
        time.sleep(POLL)
    return found


def stored_events(stack, organization, number):
    """The items of this many events of an organization."""
    return within_patience(lambda: at_least(number, items(stack.outputs()["TableName"], organization, "EVENT#")))


def at_least(number, found):
    return found if len(found) >= number else []


def items(table, organization, prefix=""):
    pages = boto3.client("dynamodb").get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)" if prefix else "pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"ORG#{organization}"}} | ({":sk": {"S": prefix}} if prefix else {}),
    )
    return [item for page in pages for item in page["Items"]]


class Record:
    """The record of a stack, with a subscriber to its bus."""

    def __init__(self, stack):
        self.stack, outputs = stack, stack.outputs()
        self.table, self.bus = outputs["TableName"], outputs["EventBusName"]
        self.failures = outputs["FailedEventsQueueUrl"]
        self.dynamodb, self.sqs, self.events = boto3.client("dynamodb"), boto3.client("sqs"), boto3.client("events")
        self.queue = self.sqs.create_queue(QueueName=f"{stack.name}-subscriber")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = json.dumps({"source": [stack.name]})
        self.events.put_rule(Name=RULE, EventBusName=self.bus, EventPattern=pattern)
        self.events.put_targets(Rule=RULE, EventBusName=self.bus, Targets=[{"Id": "queue", "Arn": arn}])
        self.received = []

    def end(self):
        """CloudFormation cannot delete a bus that has rules."""
        self.events.remove_targets(Rule=RULE, EventBusName=self.bus, Ids=["queue"])
        self.events.delete_rule(Name=RULE, EventBusName=self.bus)
        self.sqs.delete_queue(QueueUrl=self.queue)

    def event(self, id):
        """What the subscriber got with this id; None if it got nothing."""
        return within_patience(lambda: self._received(id))

    def _received(self, id):
        answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            self.received.append(json.loads(message["Body"]))
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return next((each for each in self.received if each["detail"]["id"] == id), None)

    def expire(self, organization):
        """Deletes an organization's item, as TTL does."""
        key = {name: {"S": f"ORG#{organization}"} for name in ("pk", "sk")}
        self.dynamodb.delete_item(TableName=self.table, Key=key)

    def is_purged(self, organization, member, external_id="none"):
        """Whether all that belongs to an organization is gone, except its events and the mark of the purge."""
        rest = [(f"EXTERNAL#{external_id}",) * 2, (f"USER#{member}", f"ORG#{organization}")]
        left = [each["sk"]["S"] for each in items(self.table, organization)]
        left = [sk for sk in left if not sk.startswith("EVENT#") and sk != "PURGED"]
        return not left and not [keys for keys in rest if self._item(*keys)]

    def count_of(self, user):
        """How many organizations a user counts as its own."""
        item = self._item(f"USER#{user}", f"USER#{user}") or {}
        return int(item.get("organizations", {"N": 0})["N"])

    def _item(self, pk, sk):
        return self.dynamodb.get_item(TableName=self.table, Key={"pk": {"S": pk}, "sk": {"S": sk}}).get("Item")

    def reports_failure(self, organization):
        """Whether the queue of failures learns of a record that cannot be read."""
        before = self.failed()
        with self.unreadable(organization):
            return within_patience(lambda: self.failed() > before)

    @contextlib.contextmanager
    def unreadable(self, organization):
        """Makes a record that cannot be read: of usage in a period that is none. Its deletion is not delivered."""
        key = {"pk": {"S": f"ORG#{organization}"}, "sk": {"S": "USAGE#none"}}
        self.dynamodb.put_item(TableName=self.table, Item=key | {"maxOverages": {"N": "1"}})
        try:
            yield
        finally:
            self.dynamodb.delete_item(TableName=self.table, Key=key)

    def failed(self):
        """How many messages the queue of failures has."""
        name = "ApproximateNumberOfMessages"
        answer = self.sqs.get_queue_attributes(QueueUrl=self.failures, AttributeNames=[name])
        return int(answer["Attributes"][name])

    @contextlib.contextmanager
    def impatient(self, seconds=1):
        """Gives up records after some seconds instead of six hours. AWS allows no less than a minute."""
        _, uuid = self.stack.resources()[MAPPING]
        functions = boto3.client("lambda")
        before = functions.get_event_source_mapping(UUID=uuid)["MaximumRecordAgeInSeconds"]
        functions.update_event_source_mapping(UUID=uuid, MaximumRecordAgeInSeconds=seconds)
        try:
            yield
        finally:
            functions.update_event_source_mapping(UUID=uuid, MaximumRecordAgeInSeconds=before)
            self.sqs.purge_queue(QueueUrl=self.failures)

    @contextlib.contextmanager
    def without_bus(self):
        """Takes the permission to send events away."""
        _, role = self.stack.resources()[f"{FUNCTION}Role"]
        iam = boto3.client("iam")
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            if "events:PutEvents" in json.dumps(document):
                break
        iam.delete_role_policy(RoleName=role, PolicyName=name)
        try:
            yield
        finally:
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


def outcome(found):
    """An outcome in the form of a response, with what its log line contains."""
    return bool(found), {"x-request-id": OPERATION}, None


def requests(team):
    """What the function does with each of its permissions: a name, what is expected, and the outcome."""
    record, external_id, owner = team.record, f"record-{next(unique)}", team.owner.subject()
    before = record.count_of(owner)
    id = team.owner.expect(201, "POST", "/organization", {"organizationName": "Recorded"})["id"]
    path = f"/organization/{id}"
    yield "send an event", True, outcome(record.event(f"{id}#1"))
    team.service.expect(200, "PATCH", f"{path}/plan", {"includedUnits": 10})
    team.service.expect(200, "PATCH", f"{path}/max-overages", {"maxOverages": 10})
    period = team.service.expect(200, "POST", f"{path}/usage", {"units": 15})["period"]
    yield "tell of a threshold", True, outcome(record.event(f"{id}#{period}#50"))
    # Only a service gives an external id, and only users' organizations are counted. So two are purged.
    new = {"organizationName": "Recorded", "owner": owner, "externalId": external_id}
    other = team.service.expect(201, "POST", "/organization", new)["id"]
    record.expire(id)
    record.expire(other)
    purged = within_patience(lambda: record.is_purged(id, owner) and record.count_of(owner) == before)
    yield "purge a user's organization", True, outcome(purged)
    purged = within_patience(lambda: record.is_purged(other, owner, external_id))
    yield "purge a service's organization", True, outcome(purged)
    yield "report a record that fails", True, outcome(record.reports_failure(id))


def history(record, owner, service):
    """Changes an organization, and expects each change as an event: in the list, and from the bus, once. Returns lines
    about them."""
    member = f"record-{next(unique)}"
    id = owner.expect(201, "POST", "/organization", {"organizationName": "History"})["id"]
    path = f"/organization/{id}"
    for api, status, method, suffix, body in [
        (owner, 200, "PUT", "", {"name": "History & Sons"}),
        (service, 201, "POST", "/member", {"userId": member}),
        (owner, 200, "PATCH", f"/member/{member}", {"role": "admin"}),
        (service, 200, "PATCH", "/plan", {"includedUnits": 10}),
        (owner, 200, "PATCH", "/max-overages", {"maxOverages": 5}),
        (owner, 200, "DELETE", f"/member/{member}", None),
        (owner, 200, "DELETE", "", None),
        (owner, 200, "POST", "/restore", None),
    ]:
        api.expect(status, method, f"{path}{suffix}", body)
    version = owner.expect(200, "GET", path)["version"]
    assert record.event(f"{id}#{version}"), f"the bus has no event {version}"
    listed = owner.expect(200, "GET", f"{path}/event")
    assert [event["number"] for event in listed] == list(range(1, version + 1)), listed
    sent = [each for each in record.received if each["detail"]["organizationId"] == id]
    assert [each["detail"] for each in sent] == [
        {"id": f"{id}#{event['number']}", "organizationId": id} | event for event in listed
    ], sent
    assert [each["detail-type"] for each in sent] == [event["type"] for event in listed], sent
    assert {each["source"] for each in sent} == {record.stack.name}, sent
    return [f"{event['number']:2} {event['type']} by {event['actor']['kind']}" for event in listed]


def repair(record, service, command):
    """A change whose event cannot be sent for too long, and the command that sends it afterwards. Returns its output."""
    with record.impatient():
        with record.without_bus():
            id = given_up(record, service)
        ended = command()
        assert ended.returncode == 0, ended
        assert record.event(f"{id}#1"), f"the event was not sent: {ended}"
        assert record.failed() == 0, "the message is still in the queue"
    return ended.stdout


def repair_behind_unreadable(record, service, command):
    """The same behind a record that cannot be read. Returns what the command says about that one."""
    # Long enough that both are in the batch that is given up.
    with record.impatient(seconds=3):
        with record.without_bus(), record.unreadable(UNREADABLE):
            id = given_up(record, service)
        ended = command()
        found = re.findall(r"-(\d+): these records failed again[^:]*: (\d+)$", ended.stderr, re.MULTILINE)
        assert ended.returncode == 1 and any(last != failed for last, failed in found), ended
        assert record.event(f"{id}#1"), f"the event was not sent: {ended}"
        assert record.failed() > 0, "the message of the unreadable record was deleted"
    return ended.stderr


def purge(record, count, command):
    """Items of an organization whose removal was not recorded, and the commands that count its members, and have it
    purged. Returns the numbers of members before and after."""
    member = f"record-{next(unique)}"
    for pk, sk in [(f"ORG#{UNREADABLE}", f"MEMBER#{member}"), (f"USER#{member}", f"ORG#{UNREADABLE}")]:
        record.dynamodb.put_item(TableName=record.table, Item={"pk": {"S": pk}, "sk": {"S": sk}})
    before = count()
    command()
    assert within_patience(lambda: record.is_purged(UNREADABLE, member)), "it was not purged"
    return before, count()


def given_up(record, service):
    """Creates an organization whose record is given up. Returns its id."""
    new = {"organizationName": "Repaired", "owner": "record"}
    id = service.expect(201, "POST", "/organization", new)["id"]
    assert within_patience(lambda: record.failed() > 0), "the queue of failures has no message"
    assert not record._received(f"{id}#1"), "the event was sent"
    return id
