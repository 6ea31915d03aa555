// The official TypeScript client of the 2026 era, which negotiates: node modern.mjs URL CALLS MODE
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { report } from "./report.mjs";

const [url, calls, mode] = process.argv.slice(2);
const client = new Client({ name: "test", version: "1.0.0" }, { versionNegotiation: { mode } });
await client.connect(new StreamableHTTPClientTransport(new URL(url)));
await report(client, JSON.parse(calls));
