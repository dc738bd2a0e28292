//! How the points of the engine's curves are stored, and who adds them.

use super::{Adder, BulkCurve, Point, Portable};
use crate::instance::{G1, G2};
use crate::kernel::Kernel;

impl BulkCurve for G1 {
    type Point = Point<8>;

    fn adder(_: Kernel) -> &'static dyn Adder<Self> {
        &const { Portable::new() }
    }
}

impl BulkCurve for G2 {
    type Point = Point<16>;

    fn adder(_: Kernel) -> &'static dyn Adder<Self> {
        &const { Portable::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::affine::testing::{check_adder, check_refusals};

    #[test]
    fn every_kernel_adds_in_g1() {
        for kernel in Kernel::available() {
            check_adder::<G1>(G1::adder(kernel));
            check_refusals::<G1>(G1::adder(kernel));
        }
    }

    #[test]
    fn every_kernel_adds_in_g2() {
        for kernel in Kernel::available() {
            check_adder::<G2>(G2::adder(kernel));
            check_refusals::<G2>(G2::adder(kernel));
        }
    }
}
