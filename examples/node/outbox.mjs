// The reports that no agent has acknowledged yet, in a file of one a line. They outlive the process, however it ends.
import fs from "node:fs";

const MAX_REPORTS = 100_000;

export class Outbox {
  constructor(folder) {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.path = `${folder}/outbox.jsonl`;
    this.waiting = new Map(); // payloads by boot and seq, in order
    const lines = fs.existsSync(this.path) ? fs.readFileSync(this.path, "utf8").split("\n") : [];
    // What follows the last line feed is a report that was cut off by the end of the process, and was never accepted.
    for (const line of lines.slice(0, -1)) {
      try {
        const { boot, seq } = JSON.parse(line);
        this.waiting.set(`${seq} ${boot}`, line);
      } catch (error) {
        console.error(`${this.path}: a line is damaged and left out: ${error.message}`);
      }
    }
    this.rewrite();
  }

  // Returns whether the report is in the file; throws where the disk refuses it.
  add(boot, seq, payload) {
    if (this.waiting.size >= MAX_REPORTS) return false;
    const line = Buffer.from(`${payload}\n`);
    const written = fs.writeSync(this.file, line);
    if (written < line.length) {
      // The next report must not continue the line.
      fs.ftruncateSync(this.file, fs.fstatSync(this.file).size - written);
      throw new Error("the disk is full");
    }
    this.waiting.set(`${seq} ${boot}`, payload);
    this.lines++;
    return true;
  }

  // Removes the reports of a boot up to a sequence number, except those in ranges that the agent misses.
  remove(boot, upToSeq, holes) {
    for (const [key, seq] of this.numbersOf(boot))
      if (seq <= upToSeq && !holes.some(([first, last]) => first <= seq && seq <= last)) this.waiting.delete(key);
    if (this.waiting.size <= this.lines / 2) this.rewrite();
  }

  *numbersOf(boot) {
    for (const key of this.waiting.keys()) {
      const split = key.indexOf(" ");
      if (key.slice(split + 1) === boot) yield [key, Number(key.slice(0, split))];
    }
  }

  rewrite() {
    const lines = [...this.waiting.values()].map((line) => `${line}\n`);
    fs.writeFileSync(`${this.path}.new`, lines.join(""), { mode: 0o600 });
    fs.renameSync(`${this.path}.new`, this.path);
    if (this.file !== undefined) fs.closeSync(this.file);
    this.file = fs.openSync(this.path, "a", 0o600);
    this.lines = this.waiting.size;
  }
}
