// A reporter for rohe (docs/wire-protocol.md): reports go to the outbox, and leave it when an agent has stored them.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { connect } from "./mqtt.mjs";
import { Outbox } from "./outbox.mjs";

const [MAX_BYTES, MAX_IN_FLIGHT, MIN_DELAY, MAX_DELAY, HOLE_DELAY] = [256 * 1024, 512, 3000, 30_000, 500];

// Returns url, user, password, and maybe owner and ca, from a file, or from the folder of a mounted Secret.
function access({ ROHE_REPORT_URL: url, ROHE_REPORT_CREDENTIALS: path }) {
  if (!fs.statSync(path).isDirectory()) return JSON.parse(fs.readFileSync(path, "utf8"));
  const read = (name) => fs.readFileSync(`${path}/${name}`, "utf8").trimEnd();
  return { url, user: read("user"), password: read("password"), ca: fs.existsSync(`${path}/ca.crt`) && read("ca.crt") };
}

export class Reporter {
  constructor(env, obey) {
    this.boot = randomBytes(8).toString("hex"); // sequence numbers count from 1 within it
    this.seq = this.accepted = this.refused = this.seconds = 0;
    this.outbox = new Outbox(env.ROHE_OUTBOX || `outbox-${env.ROHE_INSTANCE}`);
    [this.sent, this.answers, this.obey] = [new Set(), new Map(), obey];
    [this.agentBoot, this.oldest, this.oldestSince, this.delay, this.sentAgainAt] = ["", undefined, 0, MIN_DELAY, 0];
    const [instance, root] = [env.ROHE_INSTANCE, `rohe/v1/${env.ROHE_STACK}`];
    const { ROHE_SERVICE: service, ROHE_MEMBER: member, ROHE_PIPELINE: pipeline, ROHE_NODE: node } = env;
    this.names = { service, member, pipeline, instance, node };
    const ack = `${root}/ack/${instance}`;
    [this.instance, this.replyTopic, this.stateTopic] = [instance, `${root}/reply`, `${root}/state/${instance}`];
    this.reportTopic = `${root}/report/${env.ROHE_TOPIC || service}/${instance}`;
    this.broker = connect({
      access: () => access(env), // read again at each connection: passwords may change
      clientId: `${instance}-${randomBytes(8).toString("hex")}`,
      will: { topic: this.stateTopic, payload: JSON.stringify({ state: "lost", client: instance, boot: this.boot }) },
      subscriptions: [ack, `${root}/command/${instance}`],
      onUp: () => this.sayState("online", true) && this.sendAgain(),
      onMessage: (topic, payload) => (topic === ack ? this.acknowledge : this.answer).call(this, JSON.parse(payload)),
    });
    this.timer = setInterval(() => this.tick(), 1000);
  }

  // Returns whether the report is on disk; throws where the disk fails.
  report({ request, start, end, metrics, fields }) {
    const head = { v: 1, seq: this.seq + 1, client: this.instance, boot: this.boot, at: end ?? Date.now() / 1000 };
    const payload = JSON.stringify({ ...head, ...this.names, request, start, end, metrics, fields });
    const accepted = Buffer.byteLength(payload) <= MAX_BYTES && this.outbox.add(this.boot, head.seq, payload);
    if (accepted) [this.seq, this.accepted] = [head.seq, this.accepted + 1];
    else this.refused++;
    this.send();
    return accepted;
  }

  send() {
    for (const [key, payload] of this.outbox.waiting) {
      if (this.sent.size >= MAX_IN_FLIGHT) return;
      if (this.sent.has(key)) continue;
      if (!this.broker.publish(this.reportTopic, payload)) return;
      this.sent.add(key);
    }
  }

  sendAgain() {
    this.sentAgainAt = this.oldestSince = Date.now();
    this.sent.clear();
    this.send();
  }

  acknowledge(ack) {
    this.outbox.remove(ack.boot, ack.up_to_seq, ack.holes);
    for (const key of this.sent) if (!this.outbox.waiting.has(key)) this.sent.delete(key);
    const missing = ack.holes.length > 0 && Date.now() - this.sentAgainAt > HOLE_DELAY;
    const again = missing || ack.agent_boot !== this.agentBoot;
    this.agentBoot = ack.agent_boot; // what another run of the agent has not stored, nobody has
    if (again) this.sendAgain();
    else this.send();
  }

  // Executes a command once, however often it comes, and answers it each time.
  answer(command) {
    if (!this.answers.has(command.id)) {
      const [accepted, why] = this.obey(command);
      this.answers.set(command.id, JSON.stringify({ id: command.id, client: this.instance, accepted, why }));
    }
    if (command.reply) this.broker.publish(`${this.replyTopic}/${command.reply}`, this.answers.get(command.id));
  }

  tick() {
    const [oldest] = this.outbox.waiting.keys();
    if (oldest !== this.oldest) {
      [this.oldest, this.oldestSince, this.delay] = [oldest, Date.now(), MIN_DELAY];
    } else if (oldest !== undefined && Date.now() - this.oldestSince > this.delay) {
      this.delay = Math.min(2 * this.delay, MAX_DELAY);
      this.sendAgain();
    }
    this.sayState("online", ++this.seconds % 10 === 0);
  }

  sayState(state, retain) {
    const [at, waiting] = [Date.now() / 1000, this.outbox.waiting.size];
    const counts = { accepted: this.accepted, refused: this.refused, waiting, complete_up_to: waiting ? 0 : at - 1 };
    const payload = JSON.stringify({ state, client: this.instance, boot: this.boot, at, ...counts });
    return this.broker.publish(this.stateTopic, payload, retain);
  }

  // Waits until an agent has stored all reports, at most `seconds`; what is left is sent by the next process.
  async close(seconds = Infinity) {
    const end = Date.now() + seconds * 1000;
    while (this.outbox.waiting.size && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
    clearInterval(this.timer);
    this.sayState("stopped", true);
    this.broker.end();
    return this.outbox.waiting.size === 0;
  }
}
