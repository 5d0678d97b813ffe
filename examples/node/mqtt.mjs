// As much of MQTT 3.1.1 (OASIS, 2014) as a client of rohe needs: QoS 1 both ways, a last will, and connecting again.
import fs from "node:fs";
import net from "node:net";
import tls from "node:tls";

const [CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, DISCONNECT] = [1, 2, 3, 4, 8, 9, 12, 14];
const KEEP_ALIVE = 15; // seconds
const MAX_PAUSE = 2000; // milliseconds between attempts to connect

const uint16 = (number) => Buffer.from([number >> 8, number & 255]);
const text = (value) => Buffer.concat([uint16(Buffer.byteLength(value)), Buffer.from(value)]);

function packet(type, flags, ...parts) {
  const body = Buffer.concat(parts);
  const head = [(type << 4) | flags];
  let rest = body.length;
  do head.push((rest & 127) | (rest > 127 ? 128 : 0)); while ((rest >>= 7) > 0);
  return Buffer.concat([Buffer.from(head), body]);
}

// Returns the next packet of the received bytes as [type, flags, body, rest], or undefined while it is incomplete.
function next(bytes) {
  let size = 0;
  for (let index = 1; index < Math.min(bytes.length, 5); index++) {
    size |= (bytes[index] & 127) << (7 * (index - 1));
    if (bytes[index] < 128) {
      const [start, end] = [index + 1, index + 1 + size];
      if (end > bytes.length) return undefined;
      return [bytes[0] >> 4, bytes[0] & 15, bytes.subarray(start, end), bytes.subarray(end)];
    }
  }
}

// Returns the id of the user at the other end of a connection within this machine (proc(5)), once it is known.
function peer(socket) {
  const end = (address, port) => {
    const bytes = address.replace("::ffff:", "").split(".").reverse().map(Number);
    return `${Buffer.from(bytes).toString("hex")}:${uint16(port).toString("hex")}`;
  };
  const [far, near] = [end(socket.remoteAddress, socket.remotePort), end(socket.localAddress, socket.localPort)];
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    const rows = fs.readFileSync(file, "latin1").toLowerCase().split("\n");
    const row = rows.map((line) => line.trim().split(/\s+/)).find((r) => r[1]?.endsWith(far) && r[2].endsWith(near));
    if (row) return row[9] === "0" ? undefined : Number(row[7]);
  }
}

async function isOwner(socket, owner) {
  for (let attempt = 0; attempt < 500; attempt++) {
    const found = peer(socket);
    if (found !== undefined) return found === owner;
    await new Promise((resolve) => setTimeout(resolve, 4)); // the broker has not accepted the connection yet
  }
  return false;
}

// Connects, again whenever the connection ends. `access` returns url, user, password, and maybe owner, ca, certificate and key.
export function connect({ access, clientId, will, subscriptions, onUp, onMessage }) {
  let [socket, up, ended, packetId, pause] = [undefined, false, false, 0, 100];
  const id = () => uint16((packetId = (packetId % 65535) + 1));

  function handle(type, flags, body) {
    if (type === CONNACK) {
      if (body[1] !== 0) return socket.destroy(new Error(`the broker refuses the connection with code ${body[1]}`));
      const filters = subscriptions.map((topic) => Buffer.concat([text(topic), Buffer.from([1])])); // QoS 1
      socket.write(packet(SUBSCRIBE, 2, id(), ...filters));
    } else if (type === SUBACK) {
      if (body.subarray(2).includes(128)) return socket.destroy(new Error("the broker refuses a subscription"));
      [up, pause] = [true, 100];
      onUp();
    } else if (type === PUBLISH) {
      const start = 2 + body.readUInt16BE(0);
      const qos = (flags >> 1) & 3;
      try {
        onMessage(body.subarray(2, start).toString(), body.subarray(start + (qos ? 2 : 0)));
      } catch (error) {
        console.error(`a message of the broker is of no use: ${error.message}`);
      }
      if (qos) socket.write(packet(PUBACK, 0, body.subarray(start, start + 2)));
    }
  }

  async function greet({ user, password, owner }) {
    // While the broker is down, any user of this machine can listen on its port: the password is not for them.
    if (Number.isInteger(owner) && !(await isOwner(socket, owner)))
      return socket.destroy(new Error("another user holds the broker's port"));
    const level = Buffer.from([4, 0b11101110, 0, KEEP_ALIVE]); // user, password, retained will of QoS 1, clean session
    const fields = [clientId, will.topic, will.payload, user, password];
    socket.write(packet(CONNECT, 0, text("MQTT"), level, ...fields.map(text)));
  }

  function again() {
    if (!ended) setTimeout(open, (pause = Math.min(2 * pause, MAX_PAUSE)));
  }

  function open() {
    let received = Buffer.alloc(0);
    let found;
    try {
      found = access();
    } catch (error) {
      console.error(`the credentials cannot be read now: ${error.message}`);
      return again();
    }
    const url = new URL(found.url);
    const secure = url.protocol === "mqtts:";
    const [host, port] = [url.hostname, Number(url.port || (secure ? 8883 : 1883))];
    // TLS: whom to trust, and what to show to a broker that demands a certificate; undefined where there is none.
    const secrets = { ca: found.ca, cert: found.certificate, key: found.key };
    socket = (secure ? tls : net).connect({ host, port, ...secrets }, () => greet(found));
    socket.setNoDelay(true);
    socket.setTimeout(2 * KEEP_ALIVE * 1000, () => socket.destroy(new Error("the broker is silent")));
    socket.on("data", (bytes) => {
      received = Buffer.concat([received, bytes]);
      for (let packet; (packet = next(received)); received = packet[3]) handle(packet[0], packet[1], packet[2]);
    });
    // OpenSSL ends its messages with a new line; where several addresses were tried, there is a code and no message.
    socket.on("error", (error) => console.error(`${found.url}: ${error.message.trim() || error.code}`));
    socket.on("close", () => {
      up = false;
      again();
    });
  }

  setInterval(() => up && socket.write(packet(PINGREQ, 0)), (KEEP_ALIVE * 1000) / 2).unref();
  open();
  return {
    // Returns whether there is a connection to send the message on; that it arrives is not promised.
    publish(topic, payload, retain = false) {
      if (up) socket.write(packet(PUBLISH, 2 | Number(retain), text(topic), id(), Buffer.from(payload)));
      return up;
    },
    end() {
      ended = true;
      socket?.end(up ? packet(DISCONNECT, 0) : undefined);
    },
  };
}
