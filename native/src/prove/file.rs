//! Native key files: written whole, mapped at once, their contents' checksums checked when somebody asks.
//!
//! Opening reads and checks the header, the single points, and every index that the prover follows; these are copied.
//! Points of the queries are taken as they lie: they were checked when the file was made, a point that is none yields a
//! proof that does not verify, and such a proof never leaves.

use std::fs::{self, File};
use std::io::{BufWriter, Seek, Write};
use std::path::Path;
use std::sync::Arc;

use ark_ff::{Field, PrimeField};
use memmap2::Mmap;
use rayon::prelude::*;

use super::header::Header;
use super::key::{Key, Query, Singles};
use super::layout::{digest, fault, header_length, places, Extent, Part, Section, LARGEST_HEADER, PARTS};
use super::matrices::{self, words};
use super::storage::{copy, forget, map, Shelf};
use crate::affine::{BulkCurve, Stored};
use crate::encode::check_subgroup;
use crate::error::Error;
use crate::memory::keep_freed_blocks;
use crate::ntt::Domain;
use crate::sparse::Parts;

pub use super::header::MAGIC;

type Base<C> = <<C as ark_ec::CurveConfig>::BaseField as Field>::BasePrimeField;

/// Write a key to an empty file; whoever made the file moves it into place.
pub fn write<P, Q>(key: &Key<P, Q>, matrices: [Parts; 2], file: &mut File) -> Result<(), Error>
where
    P: BulkCurve,
    Q: BulkCurve<ScalarField = P::ScalarField>,
{
    let singles = &key.singles;
    let first: Vec<P::Point> =
        [singles.alpha1, singles.beta1, singles.delta1].iter().chain(&singles.ic).map(P::store).collect();
    let second: Vec<Q::Point> = [singles.beta2, singles.gamma2, singles.delta2].iter().map(Q::store).collect();
    let [a, b] = matrices;
    let (a, b) = (matrices::encode::<P::ScalarField>(&a)?, matrices::encode::<P::ScalarField>(&b)?);
    let (a_wires, b_wires) = (u32_bytes(&key.a_wires), u32_bytes(&key.b_wires));
    // In the order of `PARTS`.
    let contents: [&[u8]; PARTS.len()] = [
        P::Point::bytes(&first),
        Q::Point::bytes(&second),
        &a,
        &b,
        &a_wires,
        &b_wires,
        key.a.levels.bytes(),
        key.b1.levels.bytes(),
        key.b2.levels.bytes(),
        key.c.levels.bytes(),
        key.h.levels.bytes(),
    ];
    let starts = places::<Base<P>, P::ScalarField>(contents.map(|content| content.len() as u64));
    let checksums: Vec<[u8; 32]> = contents.par_iter().map(|content| digest(content)).collect();
    let mut sections = [Section { start: 0, length: 0, checksum: [0; 32] }; PARTS.len()];
    for (((section, content), &start), checksum) in sections.iter_mut().zip(&contents).zip(&starts).zip(checksums) {
        *section = Section { start, length: content.len() as u64, checksum };
    }
    let header = Header { facts: key.facts.clone(), extents: key.extents(), sections };
    let mut out = BufWriter::new(file);
    out.write_all(&header.encode::<Base<P>, P::ScalarField>())?;
    for (content, start) in contents.iter().zip(starts) {
        let gap = start - out.stream_position()?;
        out.write_all(&vec![0; gap as usize])?;
        out.write_all(content)?;
    }
    out.flush()?;
    Ok(())
}

/// Map a key file, or with `private` copy it into memory of our own, which nobody can cut short.
pub fn open<P, Q>(path: &Path, private: bool) -> Result<Key<P, Q>, Error>
where
    P: BulkCurve,
    Q: BulkCurve<ScalarField = P::ScalarField>,
{
    keep_freed_blocks();
    let (memory, header, file) = mapped::<P, Q>(path)?;
    let memory = if private { copy(&file, memory.len())? } else { memory };
    let copied = [Part::MatrixA, Part::WiresB].map(|part| ends(header.section(part)));
    let content = |part| content(&memory, header.section(part));
    let facts = header.facts.clone();
    let n = facts.n_wires as usize;
    let singles = read_singles::<P, Q>(&facts, content(Part::SinglesG1)?, content(Part::SinglesG2)?)?;
    let matrix = |part| matrices::decode::<P::ScalarField>(n, content(part)?);
    let (a_matrix, b_matrix) = rayon::join(|| matrix(Part::MatrixA), || matrix(Part::MatrixB));
    let wires = |part| Ok::<_, Error>(words(content(part)?).collect());
    let [a, b1, b2, c, h] = header.extents;
    let key = Key {
        domain: Domain::new(facts.domain_size as usize)?,
        facts,
        singles,
        matrices: [a_matrix?, b_matrix?],
        a_wires: wires(Part::WiresA)?,
        b_wires: wires(Part::WiresB)?,
        a: query(&memory, &header, Part::QueryA, a)?,
        b1: query(&memory, &header, Part::QueryB1, b1)?,
        b2: query(&memory, &header, Part::QueryB2, b2)?,
        c: query(&memory, &header, Part::QueryC, c)?,
        h: query(&memory, &header, Part::QueryH, h)?,
    };
    if let ([Ok([start, _]), Ok([_, end])], false) = (copied, private) {
        forget(&memory, start, end);
    }
    key.check()
}

/// Hold every section against its checksum.
pub fn verify<P, Q>(path: &Path) -> Result<(), Error>
where
    P: BulkCurve,
    Q: BulkCurve<ScalarField = P::ScalarField>,
{
    open::<P, Q>(path, false)?;
    let (memory, header, _) = mapped::<P, Q>(path)?;
    header.sections.par_iter().try_for_each(|section| {
        if digest(content(&memory, section)?) != section.checksum {
            return Err(fault("a section's checksum does not match"));
        }
        Ok(())
    })
}

fn mapped<P, Q>(path: &Path) -> Result<(Arc<Mmap>, Header, File), Error>
where
    P: BulkCurve,
    Q: BulkCurve<ScalarField = P::ScalarField>,
{
    // Asked before it is opened: to open a pipe would be to wait for its writer.
    if !fs::metadata(path)?.is_file() {
        return Err(fault("no regular file"));
    }
    let file = File::open(path)?;
    let facts = file.metadata()?;
    if !facts.is_file() || facts.len() < header_length::<Base<P>, P::ScalarField>() as u64 {
        return Err(fault("cut short"));
    }
    let memory = map(&file)?;
    // Copied, so that what was checked is what is used.
    let beginning = memory[..memory.len().min(LARGEST_HEADER)].to_vec();
    let sizes = [size_of::<P::Point>(), size_of::<Q::Point>()];
    let header = Header::decode::<Base<P>, P::ScalarField>(&beginning, memory.len() as u64, sizes)?;
    Ok((memory, header, file))
}

fn content<'a>(memory: &'a Mmap, section: &Section) -> Result<&'a [u8], Error> {
    let [start, end] = ends(section)?;
    memory.get(start..end).ok_or(fault("cut short"))
}

fn ends(section: &Section) -> Result<[usize; 2], Error> {
    let start = usize::try_from(section.start).map_err(|_| fault("larger than this machine's memory"))?;
    let length = usize::try_from(section.length).map_err(|_| fault("larger than this machine's memory"))?;
    Ok([start, start.checked_add(length).ok_or(fault("a section is out of place"))?])
}

fn query<C: BulkCurve>(memory: &Arc<Mmap>, header: &Header, part: Part, extent: Extent) -> Result<Query<C>, Error> {
    let [start, end] = ends(header.section(part))?;
    let levels = Shelf::of(memory, start, end).ok_or(fault("a section is out of place"))?;
    let shape = extent.shape::<C::ScalarField>().ok_or(fault("tables of a shape that no key has"))?;
    Ok(Query { count: extent.points as usize, shape, levels })
}

fn read_singles<P: BulkCurve, Q: BulkCurve>(
    facts: &super::layout::Facts,
    first: &[u8],
    second: &[u8],
) -> Result<Singles<P, Q>, Error> {
    Singles::new(facts.n_public as usize, read_points(first)?, &read_points(second)?)
}

/// Stored points, each checked.
fn read_points<C: BulkCurve>(bytes: &[u8]) -> Result<Vec<ark_ec::short_weierstrass::Affine<C>>, Error> {
    let stored = C::Point::from_bytes_unchecked(bytes).ok_or(fault("points out of place"))?;
    let read = |(index, stored): (usize, &C::Point)| {
        // Copied, so that what was checked is what is used.
        let stored = *stored;
        if !is_canonical::<C>(&stored) {
            return Err(Error::Coordinate { index });
        }
        let point = C::load(&stored);
        if !point.is_on_curve() {
            return Err(Error::NotOnCurve { index });
        }
        check_subgroup(index, point)
    };
    stored.iter().enumerate().map(read).collect()
}

/// Is every coordinate below the modulus?
fn is_canonical<C: BulkCurve>(point: &C::Point) -> bool {
    let modulus = Base::<C>::MODULUS;
    point.words().chunks_exact(modulus.as_ref().len()).all(|limbs| limbs.iter().rev().lt(modulus.as_ref().iter().rev()))
}

fn u32_bytes(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

impl From<std::io::Error> for Error {
    fn from(problem: std::io::Error) -> Self {
        Self::System { kind: problem.kind(), code: problem.raw_os_error() }
    }
}
