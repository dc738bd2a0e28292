// One circom witness program, measured: a witness at a time, then many on worker threads, each with an instance of its
// own that is used again and again. Job as JSON on standard input, result as JSON on standard output.

const fs = require("fs");
const os = require("os");
const { Worker, isMainThread, parentPort, workerData } = require("worker_threads");

class Calculator {
    constructor(module) {
        const state = { message: "" };
        const runtime = {
            exceptionHandler: (code) => { throw new Error(`code ${code} ${state.message}`); },
            printErrorMessage: () => { state.message += this.message() + "\n"; },
            writeBufferMessage: () => { this.message(); },
            showSharedRWMemory: () => {},
        };
        this.calls = new WebAssembly.Instance(module, { runtime }).exports;
        this.limbs = this.calls.getFieldNumLen32();
        this.size = this.calls.getWitnessSize();
        this.places = new Map();
    }

    message() {
        let text = "";
        for (let c = this.calls.getMessageChar(); c !== 0; c = this.calls.getMessageChar()) text += String.fromCharCode(c);
        return text;
    }

    place(name) {
        let found = this.places.get(name);
        if (found === undefined) {
            let hash = 0xcbf29ce484222325n; // FNV-1a of 64 bits names an input
            for (const byte of Buffer.from(name)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
            found = [Number(hash >> 32n), Number(hash & 0xffffffffn)];
            this.places.set(name, found);
        }
        return found;
    }

    // The whole witness as little-endian 32-byte elements. `named` maps names to arrays of BigInt.
    witness(named) {
        const { writeSharedRWMemory, readSharedRWMemory, setInputSignal, getWitness, init } = this.calls;
        init(0);
        for (const [name, values] of named) {
            const [high, low] = this.place(name);
            for (let i = 0; i < values.length; i++) {
                let rest = values[i];
                for (let limb = 0; limb < this.limbs; limb++) {
                    writeSharedRWMemory(limb, Number(rest & 0xffffffffn));
                    rest >>= 32n;
                }
                setInputSignal(high, low, i);
            }
        }
        const out = new Uint32Array(this.size * this.limbs);
        for (let i = 0; i < this.size; i++) {
            getWitness(i);
            for (let limb = 0; limb < this.limbs; limb++) out[i * this.limbs + limb] = readSharedRWMemory(limb);
        }
        return out;
    }
}

const parsed = (instance) =>
    Object.entries(instance.named).map(([name, v]) => [name, (Array.isArray(v) ? v : [v]).map(BigInt)]);

if (!isMainThread) {
    const calculator = new Calculator(workerData.module);
    const instances = workerData.instances.map(parsed);
    calculator.witness(instances[0]); // warm, like the single witness
    parentPort.postMessage("ready");
    parentPort.once("message", () => {
        for (const instance of instances) calculator.witness(instance);
        parentPort.postMessage("done");
    });
} else {
    main().catch((error) => { console.error(error); process.exit(1); });
}

async function main() {
    const job = JSON.parse(fs.readFileSync(0, "utf8"));
    const module = new WebAssembly.Module(fs.readFileSync(job.wasm));
    const calculator = new Calculator(module);
    const instances = job.instances.map(parsed);
    fs.writeFileSync(job.witness, calculator.witness(instances[0]));
    for (const instance of instances.slice(1)) calculator.witness(instance);
    let refused = false;
    const [name, values] = instances[0][0];
    const forged = [[name, [values[0] + (1n << 200n), ...values.slice(1)]], ...instances[0].slice(1)];
    try { new Calculator(module).witness(forged); } catch { refused = true; }
    if (!refused) throw new Error("a forged public input was accepted");
    const one = [];
    for (let spent = 0; one.length < 3 || (spent < job.seconds && one.length < 200); spent += one.at(-1)) {
        const start = performance.now();
        calculator.witness(instances[one.length % instances.length]);
        one.push((performance.now() - start) / 1000);
    }
    const many = await onAllCores(module, job.instances);
    const peak = process.resourceUsage().maxRSS / 1024;
    const version = `${job.version}, node ${process.versions.node}`;
    console.log(JSON.stringify({
        one_s: one, many_s: many / instances.length, many_count: instances.length, witness_peak_mb: peak, version,
    }));
}

async function onAllCores(module, instances) {
    const count = Math.min(os.availableParallelism(), instances.length);
    const workers = [];
    for (let k = 0; k < count; k++) {
        const share = instances.filter((_, i) => i % count === k);
        workers.push(new Worker(__filename, { workerData: { module, instances: share } }));
    }
    const heard = (worker) => new Promise((done, failed) => { worker.once("message", done); worker.once("error", failed); });
    await Promise.all(workers.map(heard));
    const start = performance.now();
    const finished = workers.map(heard);
    for (const worker of workers) worker.postMessage("go");
    await Promise.all(finished);
    const spent = (performance.now() - start) / 1000;
    await Promise.all(workers.map((worker) => worker.terminate()));
    return spent;
}
