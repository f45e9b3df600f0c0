// The linters find nothing in openapi.yaml. That proves its examples valid only if the linters check each
// one. So this test replaces every example with one that no schema allows, and the linters must find all of
// them.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";

const WRONG = { wrong: true };

/** Runs a linter that must find errors. Returns its report. */
function lint(program: string, ...options: string[]): unknown {
  const path = join(import.meta.dirname, "../node_modules/.bin", program);
  const { status, stdout, stderr, error } = spawnSync(path, ["lint", "--format", "json", ...options], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  assert.equal(status, 1, error?.message ?? stderr);
  return JSON.parse(stdout);
}

/** Replaces all examples below `node`. Returns JSON Pointers to them. */
function replaceExamples(node: object, at: string[] = []): string[] {
  return Object.entries(node).flatMap(([key, child]) => {
    const path = [...at, key];
    if (key === "example") {
      Object.assign(node, { example: WRONG });
      return [pointer(path)];
    }
    if (key === "examples" && Array.isArray(child)) {
      return child.map((_, index) => ((child[index] = WRONG), pointer([...path, index])));
    }
    if (key === "examples") {
      // References are replaced at their target.
      const own = Object.entries<object>(child).filter(([, example]) => "value" in example);
      return own.map(([name, example]) => (Object.assign(example, { value: WRONG }), pointer([...path, name])));
    }
    return typeof child === "object" && child !== null ? replaceExamples(child, path) : [];
  });
}

function pointer(path: (string | number)[]): string {
  const segment = (name: string | number) => String(name).replaceAll("~", "~0").replaceAll("/", "~1");
  return `#/${path.map(segment).join("/")}`;
}

test("the linters find every invalid example", (context) => {
  const directory = mkdtempSync(join(tmpdir(), "linters-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "openapi.json");
  const openapi = parse(readFileSync("openapi.yaml", "utf8"));
  const examples = replaceExamples(openapi);
  writeFileSync(file, JSON.stringify(openapi));

  const redocly = lint("redocly", "--config", "tests/web/redocly.yaml", "--max-problems", "9999", file) as {
    problems: { ruleId: string; location: { pointer: string }[] }[];
  };
  const spectral = lint("spectral", "--ruleset", "tests/web/spectral.yaml", file) as {
    code: string;
    path: (string | number)[];
  }[];
  const found = [
    ...redocly.problems
      .filter((problem) => /^no-invalid-.+-examples$/.test(problem.ruleId))
      .flatMap((problem) => problem.location.map((location) => location.pointer)),
    ...spectral
      .filter((problem) => /^oas3-valid-.+-example$/.test(problem.code))
      .map((problem) => pointer(problem.path)),
  ];

  assert.ok(examples.length > 50, `only ${examples.length} examples`);
  const missed = examples.filter((example) => !found.some((place) => `${place}/`.startsWith(`${example}/`)));
  assert.deepEqual(missed, []);
});
