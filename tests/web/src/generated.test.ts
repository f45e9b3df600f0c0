// The clients that openapi-typescript and @hey-api/openapi-ts generate from openapi.yaml. `.ci/run` generates
// and compiles them, and fails if a generator warns.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import ts from "typescript";
import { parse } from "yaml";

const OPENAPI_TYPESCRIPT = generated("organizations.d.ts");
const HEY_API = generated("hey-api/types.gen.ts");

function generated(file: string): string {
  return readFileSync(join(import.meta.dirname, "../src", file), "utf8");
}

/** The ids of the operations in openapi.yaml. */
function operations(): string[] {
  const { paths } = parse(readFileSync("openapi.yaml", "utf8"));
  const items = Object.values<object>(paths).flatMap((path) => Object.values(path));
  return items.flatMap(({ operationId }) => operationId ?? []).sort();
}

test("openapi-typescript generates the types of every operation", () => {
  const source = ts.createSourceFile("organizations.d.ts", OPENAPI_TYPESCRIPT, ts.ScriptTarget.Latest);
  const interfaces = source.statements.filter(ts.isInterfaceDeclaration);
  const members = interfaces.find(({ name }) => name.text === "operations")?.members ?? [];
  assert.deepEqual(members.map(({ name }) => name?.getText(source)).sort(), operations());
});

test("@hey-api/openapi-ts generates a function for every operation", async () => {
  const sdk = await import(join(import.meta.dirname, "hey-api/sdk.gen.js"));
  assert.deepEqual(Object.keys(sdk).sort(), operations());
});

test("no generated type is a union with unknown, which would allow any value", () => {
  for (const types of [OPENAPI_TYPESCRIPT, HEY_API]) {
    assert.deepEqual(types.match(/^.*(unknown [|&]|[|&] unknown).*$/gm), null);
  }
});
