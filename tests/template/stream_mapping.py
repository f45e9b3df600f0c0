"""Event source mappings of a table's stream, as Lambda documents them and MiniStack does not make them. Imported by
ministack_server.py.

MiniStack neither bisects batches nor counts attempts: a batch that fails is delivered again as a whole, each second, until
it is too old. Lambda would deliver it from the record that failed on.
"""

import contextvars

from ministack.core import iam_evaluator, lambda_runtime
from ministack.core.responses import get_region
from ministack.services import lambda_svc
from replacing import after, replaces

# https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
READING = [f"dynamodb:{action}" for action in ("DescribeStream", "GetRecords", "GetShardIterator")]
LISTING = "dynamodb:ListStreams"

# Whether a mapping invokes the function.
of_mapping = contextvars.ContextVar("of_mapping", default=False)


def denied(mapping, action, service, resource):
    """Whether the role of the mapping's function does not allow an action."""
    config = lambda_svc._functions[mapping["FunctionName"]]["config"]
    caller = lambda_runtime.execution_credentials(config)["AWS_ACCESS_KEY_ID"]
    return iam_evaluator.enforce(caller, action, service, get_region(), resource) is not None


def unreadable(mapping):
    """The first action that reading the mapping's stream needs and the role does not allow; None if it allows all."""
    stream = mapping["EventSourceArn"]
    # IAM cannot limit ListStreams to a stream.
    needed = [*((action, stream) for action in READING), (LISTING, "*")]
    return next((action for action, resource in needed if denied(mapping, action, "dynamodb", resource)), None)


@after("AWS::Lambda::EventSourceMapping")
def mapping(id, properties):
    if action := unreadable(lambda_svc._esms[id]):
        raise ValueError(f"Cannot access stream {properties['EventSourceArn']}: the role does not allow {action}")


@replaces(lambda_svc, "_iter_all_esms")
def readable_mappings(original):
    return ((*scope, mapping) for *scope, mapping in original() if unreadable(mapping) is None)


@replaces(lambda_svc, "_send_ddb_stream_failure_record")
def send_failure(original, mapping, *rest):
    queue = mapping["DestinationConfig"]["OnFailure"]["Destination"]
    if not denied(mapping, "sqs:SendMessage", "sqs", queue):
        original(mapping, *rest)


@replaces(lambda_svc, "_poll_dynamodb_streams")
def poll(original):
    token = of_mapping.set(True)
    try:
        return original()
    finally:
        of_mapping.reset(token)


@replaces(lambda_svc, "_execute_function")
def execute(original, function, event):
    """A batch of a mapping with a failed record is a failed batch."""
    result = original(function, event)
    body = result.get("body")
    if of_mapping.get() and isinstance(body, dict) and body.get("batchItemFailures"):
        return result | {"error": True}
    return result
