//! The ways to compute a domain's transforms, and the tables of twiddles that they are made with.

use std::sync::OnceLock;

use ark_ff::{Fp, MontBackend, MontConfig, PrimeField};

use super::scalar::ScalarWays;
use crate::affine::Coordinate;
use crate::error::Error;
use crate::kernel::Kernel;

/// The transforms of one domain, on vectors of its size. `Domain` says what each is and checks the lengths.
pub trait Ways<F: PrimeField>: Send + Sync {
    fn interpolate(&self, values: &mut [F], tables: &Tables<F>);
    fn evaluate(&self, values: &mut [F], tables: &Tables<F>);
    fn evaluate_odd(&self, values: &mut [F], tables: &Tables<F>);
    fn extend(&self, values: &mut [F], tables: &Tables<F>);
    fn quotient(&self, a: &mut [F], b: &mut [F], c: Option<&mut [F]>, values: &mut [F::BigInt], tables: &Tables<F>);
}

/// A field whose transforms some kernel may do faster than one element at a time.
pub trait Transformed: PrimeField + Coordinate {
    /// The fastest ways for domains of this size.
    fn ways(size: usize, kernel: Kernel) -> Box<dyn Ways<Self>>;
}

impl<T: MontConfig<4>> Transformed for Fp<MontBackend<T, 4>, 4> {
    fn ways(size: usize, kernel: Kernel) -> Box<dyn Ways<Self>> {
        #[cfg(target_arch = "x86_64")]
        if let Some(ways) = super::lanes::LaneWays::<T>::find(size, kernel) {
            return Box::new(ways);
        }
        let _ = (size, kernel);
        Box::new(ScalarWays::new())
    }
}

/// What tables of twiddles are made from: a root of unity w of order `size`, and v with v^2 = w where there is one.
///
/// Twiddles of all stages lie in one table: those of butterflies that span `h` elements are at h .. 2h.
pub struct Tables<F> {
    pub size: usize,
    pub step: F,
    pub half_step: Option<F>,
}

impl<F: PrimeField> Tables<F> {
    pub fn new(size: usize) -> Result<Self, Error> {
        let root = |order: usize| {
            Some(order).filter(|order| order.is_power_of_two()).and_then(|order| F::get_root_of_unity(order as u64))
        };
        let step = root(size).ok_or(Error::TransformLength { size })?;
        Ok(Self { size, step, half_step: size.checked_mul(2).and_then(root) })
    }

    /// w_(2h)^j at place h + j, for every span h.
    pub fn forward(&self) -> Vec<F> {
        powers_of(self.size, self.step)
    }

    /// w_(2h)^-j at place h + j.
    pub fn inverse(&self) -> Vec<F> {
        // w^(size - 1) is the inverse of w.
        powers_of(self.size, self.step.pow([self.size as u64 - 1]))
    }

    /// w_(4h)^(2j + 1) at place h + j: evaluating at v times the domain multiplies the twiddles of each span by a power
    /// of v. Of a domain without v, something else.
    pub fn odd(&self) -> Vec<F> {
        let (half, mut table) = (self.size / 2, self.forward());
        // From below, so that what is read is still the forward table's.
        for place in 1..half {
            table[place] = table[2 * place + 1];
        }
        let half_step = self.half_step.unwrap_or_default();
        table[half..].copy_from_slice(&crate::field::powers(self.step, self.size - half, half_step));
        table
    }
}

/// A table made when it is first needed, and kept.
///
/// No lock is held while it is made: a thread that makes it with others may be given other work meanwhile, which may need
/// this very table. So two threads may make it at a time, and the first one done is kept.
#[derive(Default)]
pub struct Kept<T>(OnceLock<T>);

impl<T> Kept<T> {
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    pub fn get(&self, make: impl FnOnce() -> T) -> &T {
        self.0.get().unwrap_or_else(|| {
            let made = make();
            self.0.get_or_init(|| made)
        })
    }
}

fn powers_of<F: PrimeField>(size: usize, root: F) -> Vec<F> {
    let half = size / 2;
    let mut table = vec![F::one(); size];
    table[half..].copy_from_slice(&crate::field::powers(root, size - half, F::one()));
    for place in (1..half).rev() {
        table[place] = table[2 * place];
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{mpsc, Arc};
    use std::time::{Duration, Instant};

    const PATIENCE: Duration = Duration::from_secs(5);

    /// Wait for an event, not for ever.
    fn await_event(event: &AtomicBool) {
        let started = Instant::now();
        while !event.load(Ordering::SeqCst) && started.elapsed() < PATIENCE {
            std::thread::yield_now();
        }
    }

    /// Of two threads one makes a table and waits for the other's part in it, which goes on until somebody else has
    /// had the table: only the thread that waits is free for that.
    #[test]
    fn whoever_makes_a_table_may_be_asked_for_it_meanwhile() {
        let pool = Arc::new(rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap());
        let [taken, served] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let table = Arc::new(Kept::<u32>::new());
        let (report, reports) = mpsc::channel();
        let maker = {
            let (pool, table, taken, served, report) =
                (pool.clone(), table.clone(), taken.clone(), served.clone(), report.clone());
            let make = move |taken: &AtomicBool, served: &AtomicBool| {
                let part = || {
                    taken.store(true, Ordering::SeqCst);
                    await_event(served);
                };
                rayon::join(|| await_event(taken), part);
                1
            };
            move || report.send(pool.install(|| *table.get(|| make(&taken, &served))))
        };
        let asker = move || {
            await_event(&taken);
            let found = pool.install(|| {
                let found = *table.get(|| 2);
                served.store(true, Ordering::SeqCst);
                found
            });
            report.send(found)
        };
        std::thread::spawn(maker);
        std::thread::spawn(asker);
        for _ in 0..2 {
            assert_eq!(reports.recv_timeout(3 * PATIENCE), Ok(2), "the first one done is kept");
        }
    }
}
