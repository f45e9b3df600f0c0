"use strict";

const tokens = JSON.parse(document.getElementById("tokens").textContent);
const select = document.getElementById("user");
select.append(...Object.keys(tokens).map((user) => new Option(user)));

/** What of openapi.yaml is not for trying it out here. */
function adapt(openapi) {
  openapi.servers = [{ url: "/", description: "The API of `cargo local`, by way of this page's port" }];
  // Examples fill in the fields. What may be left out starts empty: the version of an example is not
  // that of the reader's organization, and an Idempotency-Key is good for one request.
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
  // Else it has a server on the Internet look at the document.
  validatorUrl: null,
  onComplete: authorize,
});

function authorize() {
  ui.preauthorizeApiKey("bearerAuth", tokens[select.value]);
}
select.addEventListener("change", authorize);
