//! How the points of the engine's curves are stored, and who adds them.

use super::{Adder, BulkCurve, Point, Portable};
use crate::instance::{G1, G2};
use crate::kernel::Kernel;
#[cfg(target_arch = "x86_64")]
use crate::{instance::FqConfig, vector::Vector};

impl BulkCurve for G1 {
    type Point = Point<8>;

    fn adder(kernel: Kernel) -> &'static dyn Adder<Self> {
        match kernel {
            #[cfg(target_arch = "x86_64")]
            Kernel::Ifma => Vector::<FqConfig, 1>::find().map_or(&const { Portable::new() }, |vector| vector),
            _ => &const { Portable::new() },
        }
    }
}

impl BulkCurve for G2 {
    type Point = Point<16>;

    fn adder(kernel: Kernel) -> &'static dyn Adder<Self> {
        match kernel {
            #[cfg(target_arch = "x86_64")]
            Kernel::Ifma => Vector::<FqConfig, 2>::find().map_or(&const { Portable::new() }, |vector| vector),
            _ => &const { Portable::new() },
        }
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
