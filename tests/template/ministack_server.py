"""MiniStack on loopback, with what this stack needs and MiniStack lacks. Run by aws_here.py.

MiniStack would ignore or refuse the following. Each addition replaces a private function of MiniStack: if a
new version has none of that name, this module fails when it starts.

| what MiniStack lacks | addition |
|---|---|
| `Body` of AWS::ApiGatewayV2::Api | api_import.py |
| AWS::CodeDeploy | the types exist; nothing is deployed by canaries |
| `Metrics` of AWS::CloudWatch::Alarm | checked and recorded, never evaluated |
| `ProviderURL` of AWS::Cognito::UserPool | added |
| TTL, recovery and encryption of AWS::DynamoDB::Table | set by the service's own calls |
| deletion protection of a table and of a user pool | respected |
| `PermissionsBoundary` of AWS::IAM::Role | set on the role; MiniStack enforces it |
| `ReservedConcurrentExecutions` of AWS::Lambda::Function | the same |
| AWS::Lambda::Function without its code in S3 | refused |
| versions of an unchanged function are refused | also if only tags or reserved concurrency changed |
| Fn::Join in a condition | evaluated |
| parameters of SAM's transform | passed |
| the function's addresses of DynamoDB and EventBridge, and its log level | both are here; the level is passed |
| the permissions to invoke a function and to write its log | enforced |
| the permissions to read a stream and to report failures; failed records in a batch | stream_mapping.py |
| line feeds in `{user_id+}` | matched |
| API Gateway under its own host name, with its own headers | matched; the headers of other services removed |
"""

import asyncio
import copy
import os
import re
import socketserver
import sys

import hypercorn.asyncio
import hypercorn.config
import samtranslator.translator.transform as translator
import stream_mapping  # noqa: F401
from api_import import done, import_api
from ministack import app
from ministack.core import iam_evaluator, lambda_runtime
from ministack.core.responses import get_account_id, get_region
from ministack.services import apigateway, cognito, dynamodb, iam, lambda_svc
from ministack.services.cloudformation import engine, provisioners
from replacing import RESOURCES, after, protects, replaces

LOOPBACK, PORT = os.environ["BIND_HOST"], os.environ["GATEWAY_PORT"]

# MiniStack serves the Lambda Runtime API with this class. Otherwise a small packet waits 40 ms for the
# acknowledgement of the one before.
socketserver.StreamRequestHandler.disable_nagle_algorithm = True


# CloudFormation and SAM.


@replaces(engine, "_evaluate_conditions")
def evaluate_conditions(original, template, parameters):
    def joined(value):
        if isinstance(value, list):
            return [joined(each) for each in value]
        if not isinstance(value, dict):
            return value
        if "Fn::Join" in value:
            separator, items = value["Fn::Join"]
            return separator.join(parameters[items["Ref"]]["Value"].split(",") if "Ref" in items else items)
        return {name: joined(each) for name, each in value.items()}

    return original(template | {"Conditions": joined(template.get("Conditions", {}))}, parameters)


transform_parameters = {}


@replaces(engine, "_apply_transforms")
def apply_transforms(original, template, provided=None, previous=None):
    transform_parameters.clear()
    transform_parameters.update(engine._transform_parameters(template, provided, previous))
    return original(template, provided, previous)


@replaces(translator, "transform")
def transform(original, template, _, policies):
    return original(template, transform_parameters, policies)


# Resources.


def exists_only(kind, *required):
    def create(logical, properties, stack):
        if missing := [name for name in required if not properties.get(name)]:
            raise ValueError(f"{kind} lacks {missing}")
        return provisioners._physical_name(stack, logical, max_len=100), {}

    RESOURCES[kind] = {
        "create": create,
        "update": lambda id, old, new, stack: (id, {}),
        "delete": lambda id, properties: None,
    }


exists_only("AWS::CodeDeploy::Application", "ComputePlatform")
exists_only("AWS::CodeDeploy::DeploymentGroup", "ApplicationName", "ServiceRoleArn", "DeploymentConfigName")


@after("AWS::ApiGatewayV2::Api")
def api(id, properties):
    if "Body" in properties:
        import_api(id, properties)


@replaces(provisioners, "_cw_metric_alarm_record")
def alarm(original, name, properties):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
    metrics = properties.get("Metrics")
    if not metrics:
        return original(name, properties)
    ids = [each["Id"] for each in metrics]
    returned = [each["Id"] for each in metrics if each.get("ReturnData") in (None, True, "true")]
    statistics = [each["MetricStat"] for each in metrics if "MetricStat" in each]
    both = {"MetricName", "Namespace", "Period", "Statistic", "Dimensions"} & set(properties)
    if len(returned) != 1 or len(statistics) > 10 or len(set(ids)) != len(ids) or both:
        raise ValueError(f"{name}: metrics {ids}, returned {returned}, beside {both}")
    if wrong := [id for id in ids if not re.fullmatch(r"[a-z][A-Za-z0-9_]*", id)]:
        raise ValueError(f"{name}: ids {wrong}")
    # An alarm of MiniStack has one metric. No metric has this name.
    period = next(each["Period"] for each in [*statistics, *metrics] if "Period" in each)
    first = {"Namespace": "metric math", "MetricName": name, "Period": period}
    return original(name, {key: value for key, value in properties.items() if key != "Metrics"} | first)


@replaces(provisioners, "_cognito_user_pool_attributes")
def user_pool_attributes(original, id):
    attributes = original(id)
    return attributes | {"ProviderURL": f"https://{attributes['ProviderName']}"}


@after("AWS::DynamoDB::Table")
def table(name, properties):
    if ttl := properties.get("TimeToLiveSpecification"):
        done(dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": ttl}))
    if recovery := properties.get("PointInTimeRecoverySpecification"):
        done(dynamodb._update_continuous_backups({"TableName": name, "PointInTimeRecoverySpecification": recovery}))
    if encryption := properties.get("SSESpecification"):
        enabled = {"Enabled": encryption["SSEEnabled"], "SSEType": "KMS"}
        dynamodb._tables[name]["SSEDescription"] = dynamodb._sse_description_from_spec(enabled)


@protects("AWS::DynamoDB::Table")
def table_is_protected(name):
    return (dynamodb._tables.get(name) or {}).get("DeletionProtectionEnabled")


@protects("AWS::Cognito::UserPool")
def user_pool_is_protected(id):
    return (cognito._user_pools.get(id) or {}).get("DeletionProtection") == "ACTIVE"


@after("AWS::IAM::Role")
def permissions_boundary(name, properties):
    iam._roles[name]["PermissionsBoundary"] = properties.get("PermissionsBoundary")


@after("AWS::Lambda::Function")
def function(name, properties):
    if not lambda_svc._functions[name]["code_zip"]:
        raise ValueError(f"S3 has no {properties['Code']}")
    if "ReservedConcurrentExecutions" in properties:
        done(lambda_svc._put_function_concurrency(name, properties))
    else:
        done(lambda_svc._delete_function_concurrency(name))


@replaces(lambda_svc, "_update_config")
def update_config(original, name, data):
    """A new revision only for what a version contains: an unchanged function publishes no version."""
    config = lambda_svc._functions[name]["config"]
    before = copy.deepcopy(config)
    response = original(name, data)
    of_the_update = {"RevisionId", "LastModified", "LastUpdateStatus", "LastUpdateStatusReason",
                     "LastUpdateStatusReasonCode", "State", "StateReason", "StateReasonCode"}
    if all(config[key] == before.get(key) for key in config if key not in of_the_update):
        config["RevisionId"] = before["RevisionId"]
    return response


# Functions.


@replaces(lambda_svc, "_provided_worker_env")
def function_environment(original, config, *rest):
    logging = config.get("LoggingConfig", {})
    ours = dict.fromkeys(["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_EVENTBRIDGE"], f"http://{LOOPBACK}:{PORT}")
    ours |= {"AWS_LAMBDA_LOG_FORMAT": logging.get("LogFormat"), "AWS_LAMBDA_LOG_LEVEL": logging.get("ApplicationLogLevel")}
    # A function sees nothing of this process's environment.
    own = {name: value for name, value in original(config, *rest).items() if os.environ.get(name) != value}
    return own | {name: value for name, value in ours.items() if value}


@replaces(lambda_svc, "_emit_lambda_logs")
def write_log(original, function, *rest, **named):
    config = function["config"]
    group = config["LoggingConfig"].get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
    stream = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}:log-stream:new"
    caller = lambda_runtime.execution_credentials(config)["AWS_ACCESS_KEY_ID"]
    actions = ("logs:CreateLogStream", "logs:PutLogEvents")
    if not any(iam_evaluator.enforce(caller, action, "logs", get_region(), stream) for action in actions):
        original(function, *rest, **named)


# API Gateway.


@replaces(apigateway, "_extract_path_params")
def path_parameters(original, route, path):
    """MiniStack finds no route for a parameter with a line feed if it takes the rest of the path."""
    found = original(route, path.replace("\n", "\ue000"))
    return found and {name: value.replace("\ue000", "\n") for name, value in found.items()}


@replaces(apigateway, "_invoke_lambda_proxy")
async def invoke(original, integration, api, stage, path, method, *rest, **named):
    function = apigateway._extract_lambda_ref_from_integration_uri(integration["integrationUri"])
    route = apigateway._match_route(api, method, path)["routeKey"].split(" ")[1]
    source = f"arn:aws:execute-api:{get_region()}:{get_account_id()}:{api}/{stage}/{method}{route}"
    context = iam_evaluator.EvalContext(
        "", "Service", get_account_id(), "lambda:InvokeFunction", function, get_region(),
        service_context={"aws:sourcearn": source},
    )
    policy, _ = lambda_svc.function_policy_for_arn(function.rpartition(":")[0]) or ({}, None)
    if iam_evaluator.evaluate_resource_policy(policy, context, "apigateway.amazonaws.com").decision != "Allow":
        return 500, {"Content-Type": "application/json"}, b'{"message":"Internal Server Error"}'
    return await original(integration, api, stage, path, method, *rest, **named)


@replaces(apigateway, "_validate_jwt_authorizer")
async def validate_token(original, *arguments):
    """MiniStack fails on tokens such as `bnVsbA.bnVsbA.bnVsbA`, whose parts are no objects."""
    try:
        return await original(*arguments)
    except (AttributeError, TypeError, ValueError):
        return None, None, apigateway._jwt_unauthorized()


@replaces(app, "_handle_execute_api_request")
async def execute_api(original, host, *rest, **named):
    found = app._parse_execute_api_url(host, "/")
    if found and (apigateway._apis.get(found[0]) or {}).get("disableExecuteApiEndpoint"):
        return apigateway._http_api_not_found()
    return await original(host, *rest, **named)


@replaces(app, "_with_data_plane_headers")
def data_plane_headers(original, response, *rest, **named):
    return response if "apigw-requestid" in response[1] else original(response, *rest, **named)


app._EXECUTE_API_RE = re.compile(app._EXECUTE_API_RE.pattern.replace("localhost", r"[a-z0-9-]+\.amazonaws\.com"))


if __name__ == "__main__":
    tls_port, certificate, key = sys.argv[1:]
    config = hypercorn.config.Config()
    config.bind, config.insecure_bind = [f"{LOOPBACK}:{tls_port}"], [f"{LOOPBACK}:{PORT}"]
    config.certfile, config.keyfile = certificate, key
    config.keep_alive_timeout = 75
    asyncio.run(hypercorn.asyncio.serve(app.app, config))
