// Many steps of circom2 and snarkjs in one process: starting node, the compiler and the curve takes longer than most steps.
//
//     node batch.cjs JOB.json RESULT.json        in the working directory that all names in the job are relative to
//
// A job is a list of [step, argument, ...]; the result a list of {value} or {error}, one for each step.
"use strict";

const { createHash } = require("crypto");
const fs = require("fs");
const { CircomRunner, bindings } = require("circom2");
const snarkjs = require("snarkjs");

const compiler = WebAssembly.compile(fs.readFileSync(require.resolve("circom2/circom.wasm")));

const silent = { debug() {}, info() {}, warn() {}, error() {} };

class Compiler extends CircomRunner {
    compile() {
        return compiler;
    }
}

const steps = {
    async compile(source, folder) {
        const heard = [];
        const args = [source, "--r1cs", "--wasm", "--sym", "-o", folder];
        const runner = new Compiler({ args, env: {}, bindings: { ...bindings, fs: listening(heard) } });
        fs.mkdirSync(folder, { recursive: true });
        try {
            await runner.execute();
        } catch (problem) {
            throw new Error(`${problem.message}: ${heard.join("")}`);
        }
    },
    witness: (wasm, input, out) => snarkjs.wtns.calculate(read(input), wasm, out),
    check: (circuit, witness) => snarkjs.wtns.check(circuit, witness, silent),
    async info(circuit) {
        const { nVars, nOutputs, nPubInputs, nPrvInputs, nLabels, nConstraints } = await snarkjs.r1cs.info(circuit);
        return [nVars, nOutputs, nPubInputs, nPrvInputs, nLabels, nConstraints];
    },
    async exported(circuit) {
        const { constraints, map } = await snarkjs.r1cs.exportJson(circuit);
        return createHash("sha256").update(JSON.stringify([constraints, map], plain)).digest("hex");
    },
    setup: (circuit, powers, key) => snarkjs.zKey.newZKey(circuit, powers, key),
    contribute: (key, out) => snarkjs.zKey.contribute(key, out, "theirs", "entropy"),
    prove: (key, witness) => snarkjs.groth16.prove(key, witness),
    verify: (key, inputs, proof) => snarkjs.groth16.verify(read(key), read(inputs), read(proof)),
};

/** The file system, but what circom says is kept for its error message. */
function listening(heard) {
    const writeSync = (file, data, ...rest) => (file > 2 ? fs.writeSync(file, data, ...rest) : heard.push(`${data}`) && data.length);
    return { ...fs, writeSync };
}

function read(name) {
    return JSON.parse(fs.readFileSync(name, "utf8"));
}

function plain(_, value) {
    if (typeof value === "bigint") return value.toString();
    return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
}

async function main([job, result]) {
    const results = [];
    for (const [step, ...args] of read(job)) {
        const start = Date.now();
        try {
            results.push({ value: await steps[step](...args) });
        } catch (problem) {
            results.push({ error: String(problem.message ?? problem) });
        }
        if (process.env.TIMES) console.log(step, args[0], Date.now() - start, results.at(-1).error ?? "");
    }
    fs.writeFileSync(result, JSON.stringify(results, plain));
    process.exit(0); // the curve's workers would wait for ever
}

main(process.argv.slice(2));
