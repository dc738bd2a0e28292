// What tests/interop/test_circomlibjs.py asks in questions.json, answered by circomlibjs on standard output.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { buildEddsa, buildPoseidon } from "circomlibjs";

const createBlakeHash = createRequire(import.meta.url)("blake-hash");
const questions = JSON.parse(readFileSync("questions.json"));
const eddsa = await buildEddsa();
const poseidon = await buildPoseidon();
const { babyJub, F } = eddsa;
const plain = (point) => point.map((coordinate) => F.toObject(coordinate).toString());
const inside = (point) => point.map((coordinate) => F.e(BigInt(coordinate)));
const hex = (bytes) => Buffer.from(bytes).toString("hex");

const answers = {
  hashed: (questions.hashed ?? []).map(([initial, blocks]) =>
    blocks.reduce((state, block) => F.toObject(poseidon(block.map(BigInt), state)), BigInt(initial)).toString()),
  digests: (questions.digests ?? []).map((data) =>
    hex(createBlakeHash("blake512").update(Buffer.from(data, "hex")).digest())),
  signed: (questions.signed ?? []).map(([secret, message]) => {
    const key = eddsa.prv2pub(Buffer.from(secret, "hex"));
    const signature = eddsa.signPoseidon(Buffer.from(secret, "hex"), F.e(BigInt(message)));
    const packed = hex(eddsa.packSignature(signature));
    return { key: plain(key), r: plain(signature.R8), s: signature.S.toString(), packed };
  }),
  verified: (questions.verified ?? []).map(([key, message, r, s]) =>
    eddsa.verifyPoseidon(F.e(BigInt(message)), { R8: inside(r), S: BigInt(s) }, inside(key))),
  multiples: (questions.multiples ?? []).map((scalar) => {
    const point = babyJub.mulPointEscalar(babyJub.Generator, BigInt(scalar));
    return { point: plain(point), packed: hex(babyJub.packPoint(point)), inSubgroup: babyJub.inSubgroup(point) };
  }),
  unpacked: (questions.unpacked ?? []).map((data) => {
    const point = babyJub.unpackPoint(Buffer.from(data, "hex"));
    return point && plain(point);
  }),
  sums: (questions.sums ?? []).map(([one, other]) => plain(babyJub.addPoint(inside(one), inside(other)))),
};
console.log(JSON.stringify(answers));
process.exit(0); // its worker threads would keep node alive
