//! A small key made from known secrets, for the tests of this folder: x_3 = x_1 x_2 and a few wires that do nothing.

use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{Field, One, PrimeField, UniformRand, Zero};

use super::budget;
use super::key::{Key, Sources};
use super::layout::Facts;
use crate::encode::{encode_points, encode_scalars};
use crate::error::Error;
use crate::instance::{Fr, G1, G2};
use crate::sparse::Parts;

/// The wires 1, x_1 (public), x_2, x_3 and two that no constraint has.
pub const WIRES: usize = 6;
const SIZE: usize = 4;

/// The bytes of everything that a key is made from.
pub struct Example {
    facts: Facts,
    singles: [Vec<u8>; 2],
    matrices: [[Vec<u8>; 4]; 2],
    queries: [Vec<u8>; 5],
}

/// Rows of (wire, coefficient): row 0 is x_1 x_2 = x_3, rows 1 and 2 bind the constant and x_1.
const A: [&[(usize, u64)]; SIZE] = [&[(1, 1)], &[(0, 1)], &[(1, 1)], &[]];
const B: [&[(usize, u64)]; SIZE] = [&[(2, 1)], &[], &[], &[]];
const C: [&[(usize, u64)]; SIZE] = [&[(3, 1)], &[], &[], &[]];

impl Example {
    pub fn new(folded: bool) -> Self {
        let rng = &mut ark_std::test_rng();
        let [tau, alpha, beta, delta]: [Fr; 4] = std::array::from_fn(|_| Fr::rand(rng));
        let at = |size: usize, index: usize| lagrange(size, index, tau);
        let column = |rows: &[&[(usize, u64)]], wire: usize| -> Fr {
            let entries =
                rows.iter().enumerate().flat_map(|(row, entries)| entries.iter().map(move |entry| (row, entry)));
            entries.filter(|(_, (w, _))| *w == wire).map(|(row, (_, factor))| at(SIZE, row) * Fr::from(*factor)).sum()
        };
        let [u, v, w] = [A, B, C].map(|rows| (0..WIRES).map(|wire| column(&rows, wire)).collect::<Vec<Fr>>());
        let inverse = delta.inverse().unwrap_or_default();
        let full = |wire: usize| beta * u[wire] + alpha * v[wire] + w[wire];
        let share = (Fr::one() - tau.pow([SIZE as u64])) * inverse * Fr::from(2u64).inverse().unwrap_or_default();
        let k: Vec<Fr> = match folded {
            true => (0..WIRES).map(|i| if i < 2 { -w[i] * share } else { full(i) * inverse - w[i] * share }).collect(),
            false => (2..WIRES).map(|i| full(i) * inverse).collect(),
        };
        let h: Vec<Fr> = (0..SIZE).map(|k| at(2 * SIZE, 2 * k + 1) * inverse).collect();
        let singles1 = [alpha, beta, delta, full(0), full(1)];
        Self {
            facts: Facts {
                n_wires: WIRES as u32,
                n_public: 1,
                domain_size: SIZE as u32,
                folded,
                development: true,
                circuit_digest: Some([7; 32]),
                circuit_hash: [9; 64],
            },
            singles: [first(&singles1), second(&[beta, Fr::one(), delta])],
            matrices: [matrix(&A), matrix(&B)],
            queries: [first(&u), first(&v), second(&v), first(&k), first(&h)],
        }
    }

    pub fn parts(&self) -> [Parts<'_>; 2] {
        self.matrices.each_ref().map(|[row_ptr, columns, places, scalars]| Parts { row_ptr, columns, places, scalars })
    }

    pub fn key(&self, bytes: u64) -> Result<Key<G1, G2>, Error> {
        let [a, b] = self.parts();
        let sources = Sources {
            facts: self.facts.clone(),
            singles1: &self.singles[0],
            singles2: &self.singles[1],
            a,
            b,
            a_points: &self.queries[0],
            b1_points: &self.queries[1],
            b2_points: &self.queries[2],
            c_points: &self.queries[3],
            h_points: &self.queries[4],
        };
        Key::new(&sources, |counts| budget::shapes::<Fr>(counts, bytes, 64))?.check()
    }
}

/// 1, x, y, x y and two more.
pub fn witness(x: u64, y: u64) -> Vec<u8> {
    encode_scalars(&[1, x, y, x * y, 5, 8].map(Fr::from))
}

fn first(scalars: &[Fr]) -> Vec<u8> {
    let points: Vec<Projective<G1>> = scalars.iter().map(|scalar| Affine::<G1>::generator() * scalar).collect();
    encode_points(&Projective::normalize_batch(&points))
}

fn second(scalars: &[Fr]) -> Vec<u8> {
    let points: Vec<Projective<G2>> = scalars.iter().map(|scalar| Affine::<G2>::generator() * scalar).collect();
    encode_points(&Projective::normalize_batch(&points))
}

fn matrix(rows: &[&[(usize, u64)]]) -> [Vec<u8>; 4] {
    let bytes = |values: Vec<usize>| values.iter().flat_map(|value| (*value as u32).to_le_bytes()).collect();
    let entries: Vec<_> = rows.iter().flat_map(|row| row.iter()).collect();
    let ends = rows.iter().scan(0, |end, row| {
        *end += row.len();
        Some(*end)
    });
    [
        bytes(std::iter::once(0).chain(ends).collect()),
        bytes(entries.iter().map(|(wire, _)| *wire).collect()),
        bytes((0..entries.len()).collect()),
        encode_scalars(&entries.iter().map(|(_, factor)| Fr::from(*factor)).collect::<Vec<_>>()),
    ]
}

/// L_index at tau, over the roots of unity of order `size`.
fn lagrange(size: usize, index: usize, tau: Fr) -> Fr {
    let root = <Fr as ark_ff::FftField>::get_root_of_unity(size as u64).unwrap_or_default();
    let point = root.pow([index as u64]);
    let others = (0..size).filter(|&other| other != index).map(|other| root.pow([other as u64]));
    others
        .fold(Fr::one(), |product, other| product * (tau - other) * (point - other).inverse().unwrap_or_else(Fr::zero))
}

/// A file of the key, in a folder of its own that goes with it.
pub struct Written {
    folder: std::path::PathBuf,
    pub path: std::path::PathBuf,
}

impl Written {
    pub fn new(name: &str, bytes: u64) -> Result<Self, Error> {
        let folder = std::env::temp_dir().join(format!("zkmargin-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let path = folder.join("key.zkmkey");
        let example = Example::new(true);
        super::file::write(&example.key(bytes)?, example.parts(), &mut std::fs::File::create(&path)?)?;
        Ok(Self { folder, path })
    }

    /// The same file with other bytes.
    pub fn replace(&self, bytes: &[u8]) -> Result<(), Error> {
        Ok(std::fs::write(&self.path, bytes)?)
    }

    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        Ok(std::fs::read(&self.path)?)
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// r as an integer, for a witness that is not canonical.
pub fn modulus() -> Vec<u8> {
    use ark_ff::BigInteger;
    Fr::MODULUS.to_bytes_le()
}
