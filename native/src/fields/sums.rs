//! Sums and differences of four words on x86-64, without a branch: which way one would go is chance, and compilers put it
//! back where it is written as a choice of values.
#![allow(unsafe_code)] // The moves on a condition are the compiler's to choose or not, but for assembly.

use std::arch::asm;

/// a + b mod p, for a and b below p, which is below 2^255.
#[inline(always)]
pub(super) fn add4(a: &[u64; 4], b: &[u64; 4], modulus: &[u64; 4]) -> [u64; 4] {
    let [mut a0, mut a1, mut a2, mut a3] = *a;
    // SAFETY: the code reads four words from b and from the modulus, references to so many, and writes to registers
    // alone, all of them named. Its instructions are those of every x86-64.
    unsafe {
        asm!(
            "add {a0}, [{b}]\n adc {a1}, [{b} + 8]\n adc {a2}, [{b} + 16]\n adc {a3}, [{b} + 24]",
            "mov {t0}, {a0}\n mov {t1}, {a1}\n mov {t2}, {a2}\n mov {t3}, {a3}",
            "sub {t0}, [{p}]\n sbb {t1}, [{p} + 8]\n sbb {t2}, [{p} + 16]\n sbb {t3}, [{p} + 24]",
            "cmovnc {a0}, {t0}\n cmovnc {a1}, {t1}\n cmovnc {a2}, {t2}\n cmovnc {a3}, {t3}",
            a0 = inout(reg) a0, a1 = inout(reg) a1, a2 = inout(reg) a2, a3 = inout(reg) a3,
            t0 = out(reg) _, t1 = out(reg) _, t2 = out(reg) _, t3 = out(reg) _,
            b = in(reg) b.as_ptr(), p = in(reg) modulus.as_ptr(),
            options(pure, readonly, nostack),
        );
    }
    [a0, a1, a2, a3]
}

/// a - b mod p, for a and b below p.
#[inline(always)]
pub(super) fn subtract4(a: &[u64; 4], b: &[u64; 4], modulus: &[u64; 4]) -> [u64; 4] {
    let [mut a0, mut a1, mut a2, mut a3] = *a;
    // SAFETY: as in `add4`.
    unsafe {
        asm!(
            "xor {zero:e}, {zero:e}",
            "sub {a0}, [{b}]\n sbb {a1}, [{b} + 8]\n sbb {a2}, [{b} + 16]\n sbb {a3}, [{b} + 24]",
            "mov {t0}, [{p}]\n mov {t1}, [{p} + 8]\n mov {t2}, [{p} + 16]\n mov {t3}, [{p} + 24]",
            "cmovnc {t0}, {zero}\n cmovnc {t1}, {zero}\n cmovnc {t2}, {zero}\n cmovnc {t3}, {zero}",
            "add {a0}, {t0}\n adc {a1}, {t1}\n adc {a2}, {t2}\n adc {a3}, {t3}",
            a0 = inout(reg) a0, a1 = inout(reg) a1, a2 = inout(reg) a2, a3 = inout(reg) a3,
            t0 = out(reg) _, t1 = out(reg) _, t2 = out(reg) _, t3 = out(reg) _, zero = out(reg) _,
            b = in(reg) b.as_ptr(), p = in(reg) modulus.as_ptr(),
            options(pure, readonly, nostack),
        );
    }
    [a0, a1, a2, a3]
}
