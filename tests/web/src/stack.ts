// The local stack: `cargo local` as a separate process, with its own ports and directory.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A running stack. */
export interface Stack {
  apiUrl: string;
  dynamodbUrl: string;
  referenceUrl: string;
  /** An access token of this user. */
  token(user: string): string;
  /** An access token of this service. */
  serviceToken(name: string): string;
  /** Stops it and all its child processes. */
  stop(): Promise<void>;
}

export async function start(): Promise<Stack> {
  const dataDir = mkdtempSync(join(tmpdir(), "local-"));
  const ports = await freePorts(3);
  const options = ["--port", "--dynamodb-port", "--reference-port"].flatMap((name, i) => [name, `${ports[i]}`]);
  const local = spawn("cargo", ["local", "--json", "--in-memory", "--data-dir", dataDir, ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const token = (...caller: string[]) =>
    execFileSync("cargo", ["-q", "local", "token", ...caller, "--data-dir", dataDir], { encoding: "utf8" }).trim();
  const ended = once(local, "exit");
  const lines = createInterface(local.stdout);
  const ready = await new Promise<Pick<Stack, "apiUrl" | "dynamodbUrl" | "referenceUrl">>((resolve, reject) => {
    lines.on("line", (line) => {
      const event = JSON.parse(line);
      if (event.event === "ready") resolve(event);
      if (event.event === "error") reject(new Error(event.message));
    });
    void ended.then(() => reject(new Error("`cargo local` ended")));
  });
  return {
    ...ready,
    token,
    serviceToken: (name) => token("--service", name),
    stop: async () => {
      local.kill("SIGINT");
      await ended;
      rmSync(dataDir, { recursive: true });
    },
  };
}

/** Ports that are free now. All are opened before any is released, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
