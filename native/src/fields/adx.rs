//! Products by mulx, summed by adcx and adox, which keep two carries going side by side: for four words and for six.
//!
//! An element comes as a pointer, for there are only so many registers: t has its words in `t0`, `t1`, ... and the one
//! above them in `above`; `l` and `h` hold the lower and the upper half of a product. The first such row of a round sets
//! `above`, a further one adds to it: it holds what comes, since t and all products of a round stay below 2^(64 (N + 1)).
#![allow(unsafe_code)] // Rust has no words for two carry flags.

use std::arch::asm;

use super::portable::below;
use super::Field;

/// t = a b[0], for a t that is nothing yet.
macro_rules! start {
    ($k:literal, $last:literal, $(($at:literal $t:literal $next:literal))*) => {
        concat!(
            "mov rdx, [{b", $k, "}]\n", "xor {h:e}, {h:e}\n", "mulx {t1}, {t0}, [{a", $k, "}]\n",
            $("mulx {t", $next, "}, {l}, [{a", $k, "} + ", $at, "]\n", "adcx {t", $t, "}, {l}\n",)*
            "mulx {above}, {l}, [{a", $k, "} + 8 * ", $last, "]\n", "adcx {t", $last, "}, {l}\n",
            "adcx {above}, {h}\n",
        )
    };
}

/// t += a b[i], the first of round i.
macro_rules! row {
    ($k:literal, $i:literal, $last:literal, $(($j:literal $next:literal))*) => {
        concat!(
            "mov rdx, [{b", $k, "} + 8 * ", $i, "]\n", "xor {h:e}, {h:e}\n",
            $("mulx {h}, {l}, [{a", $k, "} + 8 * ", $j, "]\n", "adcx {t", $j, "}, {l}\n", "adox {t", $next, "}, {h}\n",)*
            "mulx {above}, {l}, [{a", $k, "} + 8 * ", $last, "]\n", "adcx {t", $last, "}, {l}\n",
            "mov {l:e}, 0\n", "adox {above}, {l}\n", "adcx {above}, {l}\n",
        )
    };
}

/// t += a b[i], after the first of round i.
macro_rules! further {
    ($k:literal, $i:literal, $last:literal, $(($j:literal $next:literal))*) => {
        concat!(
            "mov rdx, [{b", $k, "} + 8 * ", $i, "]\n", "xor {h:e}, {h:e}\n",
            $("mulx {h}, {l}, [{a", $k, "} + 8 * ", $j, "]\n", "adcx {t", $j, "}, {l}\n", "adox {t", $next, "}, {h}\n",)*
            "mulx {h}, {l}, [{a", $k, "} + 8 * ", $last, "]\n", "adcx {t", $last, "}, {l}\n", "adox {above}, {h}\n",
            "mov {l:e}, 0\n", "adcx {above}, {l}\n",
        )
    };
}

/// t = (t + m p) / 2^64, where m makes the lowest word zero; behind p stands its inverse.
macro_rules! reduce {
    ($words:literal, $last:literal, $(($j:literal $to:literal))*) => {
        concat!(
            "mov rdx, {t0}\n", "imul rdx, [{p} + 8 * ", $words, "]\n", "xor {h:e}, {h:e}\n",
            "mulx {h}, {l}, [{p}]\n", "adcx {l}, {t0}\n", "mov {t0}, {h}\n",
            $("adcx {t", $to, "}, {t", $j, "}\n", "mulx {t", $j, "}, {l}, [{p} + 8 * ", $j, "]\n",
              "adox {t", $to, "}, {l}\n",)*
            "mov {l:e}, 0\n", "adcx {t", $last, "}, {l}\n", "adox {t", $last, "}, {above}\n",
        )
    };
}

#[rustfmt::skip]
macro_rules! start4 { ($k:literal) => { start!($k, "3", ("8" "1" "2") ("16" "2" "3")) }; }
#[rustfmt::skip]
macro_rules! row4 { ($k:literal, $i:literal) => { row!($k, $i, "3", ("0" "1") ("1" "2") ("2" "3")) }; }
#[rustfmt::skip]
macro_rules! further4 { ($k:literal, $i:literal) => { further!($k, $i, "3", ("0" "1") ("1" "2") ("2" "3")) }; }
#[rustfmt::skip]
macro_rules! reduce4 { () => { reduce!("4", "3", ("1" "0") ("2" "1") ("3" "2")) }; }

/// t, which is below 2 p, less p where it is not below it. Without a branch: which way it goes is chance.
macro_rules! below4 {
    () => {
        concat!(
            "mov {l}, {t0}\n sub {l}, [{p}]\n mov {h}, {t1}\n sbb {h}, [{p} + 8]\n",
            "mov {above}, {t2}\n sbb {above}, [{p} + 16]\n mov rdx, {t3}\n sbb rdx, [{p} + 24]\n",
            "cmovnc {t0}, {l}\n cmovnc {t1}, {h}\n cmovnc {t2}, {above}\n cmovnc {t3}, rdx\n",
        )
    };
}

/// a b / 2^256 mod p, for a and b below p, which is below 2^255.
///
/// # Safety
/// The processor has BMI2 and ADX.
#[inline(always)]
pub(super) unsafe fn multiply4(a: &[u64; 4], b: &[u64; 4], field: &Field<4>) -> [u64; 4] {
    let (t0, t1, t2, t3): (u64, u64, u64, u64);
    // SAFETY: the code reads four words from a and from b and five from the field, each a reference to so many; it
    // writes to registers alone, all of them named. The caller answers for the instructions.
    unsafe {
        asm!(
            start4!("0"), reduce4!(),
            row4!("0", "1"), reduce4!(),
            row4!("0", "2"), reduce4!(),
            row4!("0", "3"), reduce4!(),
            below4!(),
            a0 = in(reg) a.as_ptr(), b0 = in(reg) b.as_ptr(), p = in(reg) std::ptr::from_ref(field),
            t0 = out(reg) t0, t1 = out(reg) t1, t2 = out(reg) t2, t3 = out(reg) t3,
            above = out(reg) _, l = out(reg) _, h = out(reg) _, out("rdx") _,
            options(pure, readonly, nostack),
        );
    }
    [t0, t1, t2, t3]
}

/// (a[0] b[0] + a[1] b[1]) / 2^256 mod p, for elements below p, which is below 2^254.
///
/// # Safety
/// The processor has BMI2 and ADX.
#[inline(always)]
pub(super) unsafe fn two_products4(a: [&[u64; 4]; 2], b: [&[u64; 4]; 2], field: &Field<4>) -> [u64; 4] {
    let (t0, t1, t2, t3): (u64, u64, u64, u64);
    // SAFETY: as in `multiply4`, with two a and two b.
    unsafe {
        asm!(
            start4!("0"), further4!("1", "0"), reduce4!(),
            row4!("0", "1"), further4!("1", "1"), reduce4!(),
            row4!("0", "2"), further4!("1", "2"), reduce4!(),
            row4!("0", "3"), further4!("1", "3"), reduce4!(),
            below4!(),
            a0 = in(reg) a[0].as_ptr(), b0 = in(reg) b[0].as_ptr(),
            a1 = in(reg) a[1].as_ptr(), b1 = in(reg) b[1].as_ptr(), p = in(reg) std::ptr::from_ref(field),
            t0 = out(reg) t0, t1 = out(reg) t1, t2 = out(reg) t2, t3 = out(reg) t3,
            above = out(reg) _, l = out(reg) _, h = out(reg) _, out("rdx") _,
            options(pure, readonly, nostack),
        );
    }
    [t0, t1, t2, t3]
}

#[rustfmt::skip]
macro_rules! start6 {
    ($k:literal) => { start!($k, "5", ("8" "1" "2") ("16" "2" "3") ("24" "3" "4") ("32" "4" "5")) };
}
#[rustfmt::skip]
macro_rules! row6 {
    ($k:literal, $i:literal) => { row!($k, $i, "5", ("0" "1") ("1" "2") ("2" "3") ("3" "4") ("4" "5")) };
}
#[rustfmt::skip]
macro_rules! reduce6 { () => { reduce!("6", "5", ("1" "0") ("2" "1") ("3" "2") ("4" "3") ("5" "4")) }; }

/// a b / 2^384 mod p, for a and b below p, which is below 2^383.
///
/// # Safety
/// The processor has BMI2 and ADX.
#[inline(always)]
pub(super) unsafe fn multiply6(a: &[u64; 6], b: &[u64; 6], field: &Field<6>) -> [u64; 6] {
    let (t0, t1, t2, t3, t4, t5): (u64, u64, u64, u64, u64, u64);
    // SAFETY: the code reads six words from a and from b and seven from the field, each a reference to so many; it
    // writes to registers alone, all of them named. The caller answers for the instructions.
    unsafe {
        asm!(
            start6!("0"), reduce6!(),
            row6!("0", "1"), reduce6!(),
            row6!("0", "2"), reduce6!(),
            row6!("0", "3"), reduce6!(),
            row6!("0", "4"), reduce6!(),
            row6!("0", "5"), reduce6!(),
            a0 = in(reg) a.as_ptr(), b0 = in(reg) b.as_ptr(), p = in(reg) std::ptr::from_ref(field),
            t0 = out(reg) t0, t1 = out(reg) t1, t2 = out(reg) t2, t3 = out(reg) t3, t4 = out(reg) t4, t5 = out(reg) t5,
            above = out(reg) _, l = out(reg) _, h = out(reg) _, out("rdx") _,
            options(pure, readonly, nostack),
        );
    }
    below([t0, t1, t2, t3, t4, t5], 0, &field.modulus)
}
