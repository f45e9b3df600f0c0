"""API Gateway's import of an OpenAPI document, which MiniStack's CloudFormation lacks.

`FailOnWarnings` refuses what API Gateway would leave out of the API or take for something else:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html
"""

import json
import re
import urllib.request

from ministack.services import apigateway, cognito

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
CORS = {"allowOrigins", "allowMethods", "allowHeaders", "exposeHeaders", "maxAge", "allowCredentials"}
COGNITO = re.compile(r"https://cognito-idp\.[a-z0-9-]+\.amazonaws\.com/(\S+)")
EXTENSIONS = {"cors", "integration", "authorizer", "endpoint-configuration", "tag-value"}


def import_api(api, properties):
    """Replaces all that the API has by what is in the property Body."""
    body = properties["Body"]
    warnings = list(unknown_extensions(body))
    done(apigateway._update_api(api, {
        "name": body["info"]["title"],
        "disableExecuteApiEndpoint": any(
            server.get("x-amazon-apigateway-endpoint-configuration", {}).get("disableExecuteApiEndpoint")
            for server in body.get("servers", [])
        ),
    }))
    for store in (apigateway._routes, apigateway._integrations, apigateway._authorizers):
        store[api] = {}
    apigateway._delete_cors_configuration(api)
    cors = body.get("x-amazon-apigateway-cors")
    if isinstance(cors, dict) and set(cors) <= CORS and isinstance(cors.get("allowOrigins"), list):
        done(apigateway._update_api(api, {"corsConfiguration": cors}))
    elif cors is not None:
        warnings.append(f"not a CORS configuration: {cors!r}")
    authorizers = {}
    for name, scheme in body.get("components", {}).get("securitySchemes", {}).items():
        given = scheme["x-amazon-apigateway-authorizer"]
        if problem := problem_of_issuer(given["jwtConfiguration"]):
            warnings.append(f"authorizer {name}: {problem}")
        authorizers[name] = done(apigateway._create_authorizer(api, {
            "name": name,
            "authorizerType": given["type"].upper(),
            "jwtConfiguration": given["jwtConfiguration"],
            "identitySource": [given["identitySource"]],
        }))["authorizerId"]
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            warnings += import_route(api, f"{method.upper()} {path}", operation, authorizers)
    if warnings and properties.get("FailOnWarnings") in (True, "true"):
        raise ValueError(f"Warnings found during import: {'; '.join(warnings)}")


def import_route(api, key, operation, authorizers):
    """Returns the warnings."""
    given = operation["x-amazon-apigateway-integration"]
    integration = done(apigateway._create_integration(api, {
        "integrationType": given["type"].upper(),
        "integrationUri": given["uri"],
        "integrationMethod": given["httpMethod"],
        "payloadFormatVersion": given["payloadFormatVersion"],
    }))
    route = {"routeKey": key, "target": f"integrations/{integration['integrationId']}"}
    warnings = []
    for name, scopes in (item for each in operation.get("security", []) for item in each.items()):
        if name in authorizers:
            route |= {"authorizationType": "JWT", "authorizerId": authorizers[name], "authorizationScopes": scopes}
        else:
            warnings.append(f"{key}: no authorizer {name}")
    declared = {each["name"] for each in operation.get("parameters", []) if each["in"] == "path"}
    if declared != set(re.findall(r"{([^}]+)}", key)):
        warnings.append(f"{key}: its path parameters are declared as {sorted(declared)}")
    done(apigateway._create_route(api, route))
    return warnings


def problem_of_issuer(jwt):
    """API Gateway reads the issuer's discovery document when it creates the authorizer."""
    issuer, audience = jwt.get("issuer", ""), jwt.get("audience", [])
    if not audience or not all(audience):
        return f"audience {audience!r}"
    # MiniStack serves these itself, and cannot answer before this import ends.
    if pool := COGNITO.fullmatch(issuer):
        return None if pool[1] in cognito._user_pools else f"there is no user pool {pool[1]}"
    try:
        with urllib.request.urlopen(f"{issuer.rstrip('/')}/.well-known/openid-configuration", timeout=10) as answer:
            named = json.load(answer)["issuer"]
    except (OSError, ValueError, KeyError) as error:
        return f"issuer {issuer!r}: {error}"
    return None if named == issuer else f"issuer {issuer!r} names itself {named!r}"


def unknown_extensions(value):
    if isinstance(value, list):
        for each in value:
            yield from unknown_extensions(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            extension = name.removeprefix("x-amazon-apigateway-")
            if extension != name and extension not in EXTENSIONS:
                yield f"unknown extension {name}"
            yield from unknown_extensions(each)


def done(response):
    """The answer of one of MiniStack's functions, unless it is an error."""
    status, _, body = response
    if status >= 400:
        raise ValueError(body.decode())
    return json.loads(body) if body else None
