"use strict";

const tokens = JSON.parse(document.getElementById("tokens").textContent);
const select = document.getElementById("user");
select.append(...Object.keys(tokens).map((user) => new Option(user)));

/** Adapts openapi.yaml to requests from this page. */
function adapt(openapi) {
  openapi.servers = [{ url: "/", description: "The API of `cargo local`, by way of this page's port" }];
  // Swagger UI fills in examples. Optional fields start empty: an example's version is not that of the
  // user's organization, and an Idempotency-Key is for one request only.
  for (const parameter of Object.values(openapi.components.parameters)) {
    if (!parameter.required) delete parameter.example;
  }
  return openapi;
}

const ui = SwaggerUIBundle({
  url: "openapi.yaml",
  domNode: document.getElementById("reference"),
  plugins: [
    () => ({
      statePlugins: {
        spec: { wrapActions: { updateJsonSpec: (update) => (openapi) => update(adapt(openapi)) } },
      },
    }),
  ],
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  // By default a server on the Internet validates the document.
  validatorUrl: null,
  onComplete: authorize,
});

function authorize() {
  ui.preauthorizeApiKey("bearerAuth", tokens[select.value]);
}
select.addEventListener("change", authorize);
