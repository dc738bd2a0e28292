//! Keccak-256 as Ethereum has it; `algebra/keccak.py` is the specification, and names the source.

const RATE: usize = 136;
const PADDING: u8 = 0x01;
const ROUNDS: usize = 24;

/// The digest of one message.
pub fn keccak256(message: &[u8]) -> [u8; 32] {
    let mut state = [0; 25];
    let mut blocks = message.chunks_exact(RATE);
    for block in &mut blocks {
        absorb(&mut state, block);
    }
    let mut last = [0; RATE];
    let rest = blocks.remainder();
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] ^= PADDING;
    last[RATE - 1] ^= 0x80;
    absorb(&mut state, &last);
    let mut digest = [0; 32];
    for (bytes, lane) in digest.chunks_exact_mut(8).zip(state) {
        bytes.copy_from_slice(&lane.to_le_bytes());
    }
    digest
}

fn absorb(state: &mut [u64; 25], block: &[u8]) {
    for (lane, bytes) in state.iter_mut().zip(block.chunks_exact(8)) {
        *lane ^= bytes.iter().rfold(0, |value, byte| value << 8 | u64::from(*byte));
    }
    for constant in ROUND_CONSTANTS {
        round(state, constant);
    }
}

/// theta, rho and pi, chi, iota; lane (x, y) stands at index x + 5 y.
fn round(a: &mut [u64; 25], constant: u64) {
    let c: [u64; 5] = std::array::from_fn(|x| a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20]);
    let d: [u64; 5] = std::array::from_fn(|x| c[(x + 4) % 5] ^ c[(x + 1) % 5].rotate_left(1));
    let b: [u64; 25] = std::array::from_fn(|i| {
        let (source, left) = MOVES[i];
        (a[source] ^ d[source % 5]).rotate_left(left)
    });
    *a = std::array::from_fn(|i| {
        let row = i - i % 5;
        b[i] ^ (!b[row + (i + 1) % 5] & b[row + (i + 2) % 5])
    });
    a[0] ^= constant;
}

/// For each lane after pi, the lane it came from and the bits it was rotated by.
const MOVES: [(usize, u32); 25] = {
    let mut moves = [(0, 0); 25];
    let (mut x, mut y, mut step) = (1, 0, 0);
    while step < 24 {
        let to = y + 5 * ((2 * x + 3 * y) % 5);
        moves[to] = (x + 5 * y, ((step + 1) * (step + 2) / 2 % 64) as u32);
        (x, y) = (y, (2 * x + 3 * y) % 5);
        step += 1;
    }
    moves
};

/// From the LFSR x^8 + x^6 + x^5 + x^4 + 1.
const ROUND_CONSTANTS: [u64; ROUNDS] = {
    let mut constants = [0; ROUNDS];
    let (mut register, mut round) = (1_u32, 0);
    while round < ROUNDS {
        let mut j = 0;
        while j < 7 {
            if register & 1 == 1 {
                constants[round] |= 1 << ((1 << j) - 1);
            }
            register <<= 1;
            if register & 0x100 != 0 {
                register ^= 0x171;
            }
            j += 1;
        }
        round += 1;
    }
    constants
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_nothing() {
        let hex: String = keccak256(b"").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    }
}
