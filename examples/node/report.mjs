// Reports what it reads: node report.mjs < LINES, each a JSON object with request, start, end, metrics and fields.
// It prints `accepted REQUEST` as soon as a report is on disk, and ends when an agent has stored all of them.
import readline from "node:readline";
import { Reporter } from "./reporter.mjs";

if (!process.env.ROHE_REPORT_URL) {
  console.error("ROHE_REPORT_URL is not set: nothing can be reported");
  process.exit(1);
}

const reporter = new Reporter(process.env, ({ action, service, members }) => {
  console.log(`${action} ${service}: ${members.join(", ")}`);
  return [true, "printed"];
});

async function end(seconds) {
  process.exitCode = (await reporter.close(seconds)) ? 0 : 1;
  setTimeout(() => process.exit(), 500).unref();
}

process.on("SIGTERM", () => end(Number(process.env.ROHE_GRACE || 10) - 2));
const lines = readline.createInterface({ input: process.stdin });
lines.on("close", () => end());
lines.on("line", (line) => {
  try {
    const content = JSON.parse(line);
    console.log(reporter.report(content) ? "accepted" : "refused", content.request);
  } catch (error) {
    console.log("refused:", error.message);
  }
});
