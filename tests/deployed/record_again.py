#!/usr/bin/env python3
"""Records the changes that record-events could not record: those that the stack's queue of failures names.

    python3 tests/deployed/record_again.py [stack]     (default: organizations)

First remove the cause. Each message of the queue names a part of the table's stream. This reads its records, invokes the
function with them and deletes the message. If a record fails again, it goes on with those behind it, and the message
remains. If five in a row fail, and the last of the part too, it stops: then the records are not the cause. A record is in
the stream for 24 hours, so some 18 hours after its message came it is lost; its message then remains, as that of another
table does. `--delete-lost` deletes such messages, too.

What was recorded before is recorded again, and is the same: it can be run as often as needed. Needs boto3, and credentials
that may describe the stack, see the queue's attributes, read and delete its messages, read the stream and invoke the
function.
"""

import argparse
import base64
import contextlib
import json
import sys

import boto3
from botocore.config import Config

# In one invocation, as the mapping's BatchSize.
BATCH = 100

# After so many failures in a row, the last record of the part shows whether the records are the cause.
MAX_FAILURES = 5

# How often a removal is tried. An invocation deletes what it can of an organization, and then reports a failure.
MAX_PURGES = 20

# In seconds. Nobody else reads a message meanwhile.
VISIBILITY_TIMEOUT = 3600


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("stack", nargs="?", default="organizations")
    parser.add_argument("--delete-lost", action="store_true")
    arguments = parser.parse_args()
    cloudformation, sqs = boto3.client("cloudformation"), boto3.client("sqs")
    (described,) = cloudformation.describe_stacks(StackName=arguments.stack)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
    queue, table = outputs["FailedEventsQueueUrl"], outputs["TableName"]
    resource = cloudformation.describe_stack_resource(
        StackName=arguments.stack, LogicalResourceId="RecordEventsFunction"
    )
    function = resource["StackResourceDetail"]["PhysicalResourceId"]
    held, found, left = invisible(sqs, queue), False, {}
    try:
        for page in pages(sqs, queue):
            # After an hour, the first messages come again.
            comes_again = any(message["MessageId"] in left for message in page)
            left |= {message["MessageId"]: message["ReceiptHandle"] for message in page}
            if comes_again:
                break
            found = True
            for message in page:
                if is_done(function, table, message["Body"], arguments.delete_lost):
                    sqs.delete_message(QueueUrl=queue, ReceiptHandle=left.pop(message["MessageId"]))
    except Stop as stop:
        print(stop, file=sys.stderr)
    finally:
        # Otherwise the next run would not find them for an hour.
        for receipt in left.values():
            with contextlib.suppress(sqs.exceptions.ClientError):
                sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=receipt, VisibilityTimeout=0)
    print(f"{len(left)} messages remain in the queue")
    if held and not found:
        print(f"another run may hold {held}, for up to {VISIBILITY_TIMEOUT // 60} minutes", file=sys.stderr)
    sys.exit(1 if left else 0)


def pages(sqs, queue):
    """The queue's messages. One that is not deleted stays invisible for a while."""
    # With a wait, SQS asks all of its servers. Without, it may find nothing although there are messages.
    options = {"MaxNumberOfMessages": 10, "VisibilityTimeout": VISIBILITY_TIMEOUT, "WaitTimeSeconds": 2}
    while page := sqs.receive_message(QueueUrl=queue, **options).get("Messages"):
        yield page


def invisible(sqs, queue):
    """About how many of the queue's messages cannot be received now."""
    name = "ApproximateNumberOfMessagesNotVisible"
    return int(sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[name])["Attributes"][name])


def is_done(function, table, body, delete_lost):
    """Records what a message names. Returns whether the message is to be deleted."""
    part = json.loads(body)["DDBStreamBatchInfo"]
    name = f"{part['shardId']} {part['startSequenceNumber']}-{part['endSequenceNumber']}"
    try:
        print(f"{name}: {record(function, table, part)} records")
    except Problem as problem:
        print(f"{name}: {problem}", file=sys.stderr)
        return delete_lost and isinstance(problem, Lost)
    return True


class Problem(Exception):
    """Why a part of the stream could not be recorded."""


class Lost(Problem):
    """Its records cannot be read any more."""


class Stop(Exception):
    """Why no other part can be recorded either."""


def record(function, table, part):
    """Invokes the function with a part of the stream. Returns the number of its records."""
    if f":table/{table}/" not in part["streamArn"]:
        raise Lost(f"is in the stream of another table: {part['streamArn']}")
    # The function may take a minute.
    functions = boto3.client("lambda", config=Config(read_timeout=90))
    records = list(records_of(part))
    left, failed, in_a_row = records, [], 0
    while left:
        place = first_failure(functions, function, left[:BATCH])
        if place == 0 and left[0]["eventName"] == "REMOVE" and is_purged(functions, function, left[0]):
            left, in_a_row = left[1:], 0
        elif place is None:
            left, in_a_row = left[BATCH:], 0
        else:
            failed.append(sequence_number(left[place]))
            left, in_a_row = left[place + 1 :], 1 if place else in_a_row + 1
            if in_a_row >= MAX_FAILURES and left and first_failure(functions, function, left[-1:]) is not None:
                raise Stop(f"stopped: these and later records failed, see the function's log: {', '.join(failed)}")
    if failed:
        raise Problem(f"these records failed again, see the function's log: {', '.join(failed)}")
    if not {part["startSequenceNumber"], part["endSequenceNumber"]} <= set(map(sequence_number, records)):
        raise Lost(f"{len(records)} records; the others are no longer in the stream")
    return len(records)


def is_purged(functions, function, removal):
    """Goes on with a purge that takes several invocations."""
    return any(first_failure(functions, function, [removal]) is None for _ in range(MAX_PURGES))


def first_failure(functions, function, batch):
    """Invokes the function with records. Returns the place of the first that is not done; None if all are."""
    payload = json.dumps({"Records": batch}, default=encoded).encode()
    answer = functions.invoke(FunctionName=function, Qualifier="live", Payload=payload)
    result = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        return first_failure_of_halves(functions, function, batch)
    failed = {failure["itemIdentifier"] for failure in result["batchItemFailures"]}
    places = (place for place, each in enumerate(batch) if sequence_number(each) in failed)
    return next(places, 0) if failed else None


def first_failure_of_halves(functions, function, batch):
    """The same after an invocation that failed altogether, such as by a time-out."""
    if len(batch) == 1:
        return 0
    half = len(batch) // 2
    for start, part in (0, batch[:half]), (half, batch[half:]):
        if (place := first_failure(functions, function, part)) is not None:
            return start + place
    return None


def sequence_number(each):
    return each["dynamodb"]["SequenceNumber"]


def encoded(value):
    """A binary attribute, as Lambda delivers it."""
    return base64.b64encode(value).decode()


def records_of(part):
    """The records of a part that are still in the stream, in the form in which Lambda delivers them."""
    streams = boto3.client("dynamodbstreams")
    first, last = int(part["startSequenceNumber"]), int(part["endSequenceNumber"])
    for each in records_from(streams, part):
        number = int(sequence_number(each))
        if number > last:
            return
        if number >= first:
            created = each["dynamodb"].pop("ApproximateCreationDateTime").timestamp()
            yield each | {
                "eventSourceARN": part["streamArn"],
                "dynamodb": each["dynamodb"] | {"ApproximateCreationDateTime": created},
            }
        if number == last:
            return


def records_from(streams, part):
    """The records of a shard from the first of a part on, or from the first that is still in the stream."""
    at_first = {"ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": part["startSequenceNumber"]}
    # The later records of the part may still be there. The shard ends: it was open for four hours at most.
    for start in at_first, {"ShardIteratorType": "TRIM_HORIZON"}:
        try:
            shard = {"StreamArn": part["streamArn"], "ShardId": part["shardId"]}
            iterator = streams.get_shard_iterator(**shard, **start)["ShardIterator"]
            while iterator:
                page = streams.get_records(ShardIterator=iterator)
                yield from page["Records"]
                iterator = page.get("NextShardIterator")
            return
        except streams.exceptions.TrimmedDataAccessException:
            continue
        except streams.exceptions.ResourceNotFoundException as error:
            raise Lost(f"is no longer in the stream: {error}") from None


if __name__ == "__main__":
    main()
