// A headless Chromium. The variable CHROMIUM is its path.

import { chromium, type Browser } from "playwright-core";

/** A foreign host name that resolves to this machine in the browser. */
export const REBOUND = "rebound.example";

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--host-resolver-rules=MAP ${REBOUND} 127.0.0.1`,
    ],
  });
}
