// snarkjs' side of the comparison of provers: `node snarkjs.cjs serve FOLDER` answers each line it reads, prove or verify,
// with a line of JSON. Key and witness are read into memory once; a proof is checked after its clock.

"use strict";

const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");

const modules = path.join(__dirname, "..", "..", "tests", "interop", "node_modules");
const { groth16, zKey } = require(path.join(modules, "snarkjs"));
const { version } = require(path.join(modules, "snarkjs", "package.json"));

async function timed(step) {
  const start = process.hrtime.bigint();
  const before = process.cpuUsage();
  const result = await step();
  const busy = process.cpuUsage(before);
  const figures = {
    seconds: Number(process.hrtime.bigint() - start) / 1e9,
    cpu: (busy.user + busy.system) / 1e6,
    peak_mb: process.resourceUsage().maxRSS / 1024,
    version: `${version}, node ${process.version}`,
  };
  return [result, figures];
}

const say = (figures) => process.stdout.write(JSON.stringify(figures) + "\n");

async function serve(folder) {
  const [files, loaded] = await timed(async () => ({
    zkey: { type: "mem", data: new Uint8Array(fs.readFileSync(path.join(folder, "key.zkey"))) },
    wtns: { type: "mem", data: new Uint8Array(fs.readFileSync(path.join(folder, "..", "witness.wtns"))) },
  }));
  const key = await zKey.exportVerificationKey(files.zkey);
  say(loaded);
  let known;
  const verify = async () => {
    if (!(await groth16.verify(key, known.publicSignals, known.proof))) throw new Error("an own proof was refused");
  };
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line === "prove") {
      const [made, figures] = await timed(() => groth16.prove(files.zkey, files.wtns));
      known = made;
      await verify();
      say(figures);
    } else {
      say((await timed(verify))[1]);
    }
  }
}

serve(process.argv[3]).then(
  () => process.exit(0),
  (problem) => {
    console.error(problem);
    process.exit(1);
  },
);
