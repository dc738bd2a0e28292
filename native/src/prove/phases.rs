//! Where a proof's time goes.

use std::time::{Duration, Instant};

/// The phases of a proof, in the order in which they first end; one that comes again is added to.
#[derive(Clone, Debug, Default)]
pub struct Phases(Vec<(&'static str, Duration)>);

impl Phases {
    /// Do the work and count its time to the phase of this name.
    pub fn time<R>(&mut self, name: &'static str, work: impl FnOnce() -> R) -> R {
        let started = Instant::now();
        let result = work();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, time)) => *time += started.elapsed(),
            None => self.0.push((name, started.elapsed())),
        }
        result
    }

    pub fn seconds(&self) -> impl Iterator<Item = (&'static str, f64)> + '_ {
        self.0.iter().map(|(name, time)| (*name, time.as_secs_f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_that_comes_again_is_added_to() {
        let (mut phases, pause) = (Phases::default(), Duration::from_millis(2));
        let mut seconds = |name| {
            phases.time(name, || std::thread::sleep(pause));
            phases.seconds().collect::<Vec<_>>()
        };
        let (_, before, after) = (seconds("first"), seconds("second"), seconds("first"));
        assert_eq!(after.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["first", "second"]);
        assert!(after[0].1 >= before[0].1 + pause.as_secs_f64() && after[1] == before[1]);
    }
}
