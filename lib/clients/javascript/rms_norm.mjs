// RMSNorm in JavaScript: it answers questions on stdin, as reports/published/protocol.md describes them.
//   plumbline verify --spec ../cpp/rms_norm.json --no-grads -- node rms_norm.mjs
import { readSync, writeSync } from "node:fs";

// That many bytes of stdin; nothing at its end.
function read(size) {
  const bytes = Buffer.alloc(size);
  for (let n = 0; n < size; ) {
    const more = readSync(0, bytes, n, size - n);
    if (more === 0) return null;
    n += more;
  }
  return bytes;
}

function write(bytes) {
  for (let n = 0; n < bytes.length; ) n += writeSync(1, bytes, n);
}

function length(size) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(size));
  return bytes;
}

function rmsNorm(x, gain) {
  const d = gain.length;
  for (let row = 0; row < x.length; row += d) {
    let square = 0;
    for (let j = 0; j < d; ++j) square += x[row + j] * x[row + j];
    const factor = 1 / Math.sqrt(square / d + 1e-6);
    for (let j = 0; j < d; ++j) x[row + j] *= factor * gain[j];
  }
}

function answer(question) {
  const at = 8 + Number(question.readBigUInt64LE());
  const header = JSON.parse(question.toString("utf8", 8, at));
  const floats = ({ data_offsets: [begin, end] }) =>
    new Float32Array(question.buffer.slice(question.byteOffset + at + begin, question.byteOffset + at + end));
  if (header.x.dtype !== "F32" || header.__metadata__.want !== "y")
    return [{ __metadata__: { unsupported: "float32 and y alone" } }, Buffer.alloc(0)];
  const y = floats(header.x);
  rmsNorm(y, floats(header["norm.weight"]));
  return [{ y: { dtype: "F32", shape: header.x.shape, data_offsets: [0, y.byteLength] } }, Buffer.from(y.buffer)];
}

for (let size; (size = read(8)); ) {
  const [header, data] = answer(read(Number(size.readBigUInt64LE())));
  const text = Buffer.from(JSON.stringify(header));
  write(Buffer.concat([length(8 + text.length + data.length), length(text.length), text, data]));
}
