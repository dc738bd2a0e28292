pragma circom 2.1.0;

// The statements of workloads.py over circomlib's gadgets.

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/poseidon.circom";

template PoseidonChain(size) {
    signal input digest;
    signal input start;
    signal input key;
    component hash[size];
    for (var i = 0; i < size; i++) {
        hash[i] = Poseidon(2);
        hash[i].inputs[0] <== i == 0 ? start : hash[i - 1].out;
        hash[i].inputs[1] <== key;
    }
    hash[size - 1].out === digest;
}

template Ranges(size) {
    signal input total;
    signal input values[size];
    component range[size];
    component order[size];
    var sum = 0;
    for (var i = 0; i < size; i++) {
        range[i] = Num2Bits(64);
        range[i].in <== values[i];
        if (i > 0) {
            order[i] = Num2Bits(64);
            order[i].in <== values[i] - values[i - 1];
        }
        sum += values[i];
    }
    sum === total;
}

template Path(depth) {
    signal input leaf;
    signal input index;
    signal input siblings[depth];
    signal output root;
    component bits = Num2Bits(depth);
    bits.in <== index;
    component hash[depth];
    signal left[depth];
    signal node[depth + 1];
    node[0] <== leaf;
    for (var i = 0; i < depth; i++) {
        hash[i] = Poseidon(2);
        left[i] <== node[i] + bits.out[i] * (siblings[i] - node[i]);
        hash[i].inputs[0] <== left[i];
        hash[i].inputs[1] <== node[i] + siblings[i] - left[i];
        node[i + 1] <== hash[i].out;
    }
    root <== node[depth];
}

template Merkle(size) {
    signal input roots[size];
    signal input leaves[size];
    signal input indices[size];
    signal input siblings[size * 32];
    component path[size];
    for (var i = 0; i < size; i++) {
        path[i] = Path(32);
        path[i].leaf <== leaves[i];
        path[i].index <== indices[i];
        for (var level = 0; level < 32; level++) {
            path[i].siblings[level] <== siblings[i * 32 + level];
        }
        path[i].root === roots[i];
    }
}

template InBits(width) {
    signal input in;
    component bits = Num2Bits(width);
    bits.in <== in;
}

// `width`: the bits of the largest surplus.
template Margin(size, width) {
    signal input margin;
    signal input balances[size];
    signal input prices[size];
    signal input haircuts[size];
    signal gross[size];
    signal net[size];
    component range[4 * size + 2];
    var worth = 0;
    for (var i = 0; i < size; i++) {
        range[4 * i] = InBits(64);
        range[4 * i].in <== balances[i];
        range[4 * i + 1] = InBits(64);
        range[4 * i + 1].in <== prices[i];
        range[4 * i + 2] = InBits(20);
        range[4 * i + 2].in <== haircuts[i];
        range[4 * i + 3] = InBits(20);
        range[4 * i + 3].in <== 1000000 - haircuts[i];
        gross[i] <== balances[i] * prices[i];
        net[i] <== gross[i] * (1000000 - haircuts[i]);
        worth += net[i];
    }
    range[4 * size] = InBits(128);
    range[4 * size].in <== margin;
    range[4 * size + 1] = InBits(width);
    range[4 * size + 1].in <== worth - margin * 1000000;
}
