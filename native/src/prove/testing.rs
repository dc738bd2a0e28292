//! A small key made from known secrets, for the tests of this folder: x_3 = x_1 x_2 and a few wires that do nothing.

use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ec::{AffineRepr, CurveConfig, CurveGroup};
use ark_ff::{FftField, Field, One, PrimeField, UniformRand};

use super::budget;
use super::key::{Key, Sources};
use super::layout::Facts;
use super::prover::{Blinding, Elements};
use crate::affine::BulkCurve;
use crate::encode::{encode_points, encode_scalars};
use crate::error::Error;
use crate::instance::Fr;
use crate::sparse::Parts;

/// The wires 1, x_1 (public), x_2, x_3 and two that no constraint has.
pub const WIRES: usize = 6;
const SIZE: usize = 4;

type Scalar<P> = <P as CurveConfig>::ScalarField;

/// What a key is made from: the secrets, and everything else as bytes.
pub struct Example<P: BulkCurve, Q: BulkCurve<ScalarField = P::ScalarField>> {
    secrets: Secrets<Scalar<P>>,
    pub facts: Facts,
    pub singles: [Vec<u8>; 2],
    matrices: [[Vec<u8>; 4]; 2],
    /// A, B in G1 and in G2, C and H.
    pub queries: [Vec<u8>; 5],
    curves: std::marker::PhantomData<(P, Q)>,
}

/// tau is in here as the values of each wire's polynomials at it.
struct Secrets<F> {
    alpha: F,
    beta: F,
    delta: F,
    u: Vec<F>,
    v: Vec<F>,
    w: Vec<F>,
}

/// Rows of (wire, coefficient): row 0 is 3 x_1 x_2 = 3 x_3, rows 1 and 2 bind the constant and x_1.
const A: [&[(usize, u64)]; SIZE] = [&[(1, 3)], &[(0, 1)], &[(1, 3)], &[]];
const B: [&[(usize, u64)]; SIZE] = [&[(2, 1)], &[], &[], &[]];
const C: [&[(usize, u64)]; SIZE] = [&[(3, 3)], &[], &[], &[]];

impl<P: BulkCurve, Q: BulkCurve<ScalarField = P::ScalarField>> Example<P, Q> {
    pub fn new(folded: bool) -> Self {
        let rng = &mut ark_std::test_rng();
        let [tau, alpha, beta, delta]: [Scalar<P>; 4] = std::array::from_fn(|_| Scalar::<P>::rand(rng));
        let at = |size: usize, index: usize| lagrange(size, index, tau);
        let column = |rows: &[&[(usize, u64)]], wire: usize| -> Scalar<P> {
            let entries =
                rows.iter().enumerate().flat_map(|(row, entries)| entries.iter().map(move |entry| (row, entry)));
            let entries = entries.filter(|(_, (w, _))| *w == wire);
            entries.map(|(row, (_, factor))| at(SIZE, row) * Scalar::<P>::from(*factor)).sum()
        };
        let [u, v, w] = [A, B, C].map(|rows| (0..WIRES).map(|wire| column(&rows, wire)).collect::<Vec<Scalar<P>>>());
        let inverse = delta.inverse().unwrap_or_default();
        let full = |wire: usize| beta * u[wire] + alpha * v[wire] + w[wire];
        let share = (Scalar::<P>::one() - tau.pow([SIZE as u64]))
            * inverse
            * Scalar::<P>::from(2u64).inverse().unwrap_or_default();
        let k: Vec<Scalar<P>> = match folded {
            true => (0..WIRES).map(|i| if i < 2 { -w[i] * share } else { full(i) * inverse - w[i] * share }).collect(),
            false => (2..WIRES).map(|i| full(i) * inverse).collect(),
        };
        let h: Vec<Scalar<P>> = (0..SIZE).map(|k| at(2 * SIZE, 2 * k + 1) * inverse).collect();
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
            singles: [points::<P>(&singles1), points::<Q>(&[beta, Scalar::<P>::one(), delta])],
            matrices: [matrix(&A), matrix(&B)],
            queries: [points::<P>(&u), points::<P>(&v), points::<Q>(&v), points::<P>(&k), points::<P>(&h)],
            secrets: Secrets { alpha, beta, delta, u, v, w },
            curves: std::marker::PhantomData,
        }
    }

    pub fn parts(&self) -> [Parts<'_>; 2] {
        self.matrices.each_ref().map(parts)
    }

    pub fn key(&self, bytes: u64) -> Result<Key<P, Q>, Error> {
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
        Key::new(&sources, |counts| budget::shapes::<Scalar<P>>(counts, bytes, size_of::<P::Point>()))?.check()
    }

    /// The one proof of a witness that holds, for these random numbers: A and B by their definitions, and the C that the
    /// verifier's equation then asks for (gamma is 1).
    pub fn proof(&self, wires: &[Scalar<P>], Blinding { r, s }: &Blinding<Scalar<P>>) -> Elements<P, Q> {
        let Secrets { alpha, beta, delta, u, v, w } = &self.secrets;
        let sum = |values: &[Scalar<P>]| wires.iter().zip(values).map(|(wire, value)| *wire * value).sum::<Scalar<P>>();
        let (a, b) = (*alpha + sum(u) + *r * delta, *beta + sum(v) + *s * delta);
        let public = *beta * sum(&u[..2]) + *alpha * sum(&v[..2]) + sum(&w[..2]);
        let c = (a * b - *alpha * beta - public) * delta.inverse().unwrap_or_default();
        let in_g1 = |log| (Affine::<P>::generator() * log).into_affine();
        Elements { a: in_g1(a), b: (Affine::<Q>::generator() * b).into_affine(), c: in_g1(c) }
    }
}

/// 1, x, y, x y and two more.
pub fn witness(x: u64, y: u64) -> Vec<u8> {
    encode_scalars(&[1, x, y, x * y, 5, 8].map(Fr::from))
}

fn points<C: BulkCurve>(scalars: &[Scalar<C>]) -> Vec<u8> {
    let points: Vec<Projective<C>> = scalars.iter().map(|scalar| Affine::<C>::generator() * scalar).collect();
    encode_points(&Projective::normalize_batch(&points))
}

/// Row pointers, columns, places and coefficients; these are small enough to be the same bytes in both fields here.
pub fn matrix(rows: &[&[(usize, u64)]]) -> [Vec<u8>; 4] {
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

pub fn parts([row_ptr, columns, places, scalars]: &[Vec<u8>; 4]) -> Parts<'_> {
    Parts { row_ptr, columns, places, scalars }
}

/// L_index at tau, over the roots of unity of order `size`.
fn lagrange<F: FftField>(size: usize, index: usize, tau: F) -> F {
    let root = F::get_root_of_unity(size as u64).unwrap_or_default();
    let point = root.pow([index as u64]);
    let others = (0..size).filter(|&other| other != index).map(|other| root.pow([other as u64]));
    others.fold(F::one(), |product, other| product * (tau - other) * (point - other).inverse().unwrap_or_else(F::zero))
}

/// A file of a key, in a folder of its own that goes with it.
pub struct Written {
    folder: std::path::PathBuf,
    pub path: std::path::PathBuf,
}

impl Written {
    pub fn new<P, Q>(name: &str, key: &Key<P, Q>, matrices: [Parts; 2]) -> Result<Self, Error>
    where
        P: BulkCurve,
        Q: BulkCurve<ScalarField = P::ScalarField>,
    {
        let folder = std::env::temp_dir().join(format!("zkmargin-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let path = folder.join("key.zkmkey");
        super::file::write(key, matrices, &mut std::fs::File::create(&path)?)?;
        Ok(Self { folder, path })
    }

    /// Of the example, with tables of so many bytes.
    pub fn example<P, Q>(name: &str, example: &Example<P, Q>, bytes: u64) -> Result<Self, Error>
    where
        P: BulkCurve,
        Q: BulkCurve<ScalarField = P::ScalarField>,
    {
        Self::new(name, &example.key(bytes)?, example.parts())
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
