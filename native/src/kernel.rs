//! Which of the kernels does the arithmetic: the best that this processor has, or a lesser one that `ZKMARGIN_KERNEL`
//! names.

use std::fmt;
use std::sync::OnceLock;

/// The environment variable that asks for a lesser kernel: portable, adx or ifma.
pub const VARIABLE: &str = "ZKMARGIN_KERNEL";

/// Ways to do the same arithmetic, the slowest first. All give the same results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kernel {
    /// Rust that any processor runs.
    Portable,
    /// Field products with the carry chains of x86-64's BMI2 and ADX.
    Adx,
    /// As `Adx`, and eight elements at a time with AVX-512 IFMA.
    Ifma,
}

/// The kernel in use.
#[inline]
pub fn kernel() -> Kernel {
    choice().0
}

/// Why the kernel in use is not the one that the environment asks for, where it is not.
pub fn complaint() -> Option<&'static str> {
    choice().1.as_deref()
}

impl Kernel {
    const ALL: [Self; 3] = [Self::Portable, Self::Adx, Self::Ifma];

    /// Those that run here, the slowest first.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|kernel| kernel.runs_here())
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Adx => "adx",
            Self::Ifma => "ifma",
        }
    }

    /// Has the processor, and the system below us, what this kernel needs? One that runs has what those before it need.
    #[cfg(target_arch = "x86_64")]
    pub fn runs_here(self) -> bool {
        macro_rules! has {
            ($($feature:tt)*) => { $(std::arch::is_x86_feature_detected!($feature))&&* };
        }
        match self {
            Self::Portable => true,
            Self::Adx => has!("bmi2" "adx"),
            Self::Ifma => {
                Self::Adx.runs_here()
                    && has!("avx512f" "avx512ifma" "avx512vl" "avx512bw" "avx512dq" "avx512vbmi" "avx512vbmi2")
            }
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    pub fn runs_here(self) -> bool {
        self == Self::Portable
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Made once: a kernel that changed under running work would be a fault, even where all give the same results.
fn choice() -> &'static (Kernel, Option<String>) {
    static CHOICE: OnceLock<(Kernel, Option<String>)> = OnceLock::new();
    CHOICE.get_or_init(|| choose(std::env::var_os(VARIABLE).map(|word| word.to_string_lossy().into_owned()).as_deref()))
}

/// The kernel for what the environment says, and what is to be said about it.
fn choose(asked: Option<&str>) -> (Kernel, Option<String>) {
    let best = |most: Kernel| Kernel::available().filter(|kernel| *kernel <= most).last().unwrap_or(Kernel::Portable);
    let Some(word) = asked.filter(|word| !word.is_empty()) else { return (best(Kernel::Ifma), None) };
    let Some(wanted) = Kernel::ALL.into_iter().find(|kernel| kernel.name() == word) else {
        let found = best(Kernel::Ifma);
        return (found, Some(format!("${VARIABLE} is {word:?}; the kernels are portable, adx and ifma; {found} runs")));
    };
    let found = best(wanted);
    let complaint = format!("${VARIABLE} asks for {wanted}, which this processor lacks; {found} runs");
    (found, (found != wanted).then_some(complaint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_runs_unless_less_is_asked_for() {
        let best = Kernel::available().last();
        assert_eq!(Some(choose(None).0), best);
        assert_eq!(choose(Some("")), choose(None));
        for kernel in Kernel::available() {
            assert_eq!(choose(Some(kernel.name())), (kernel, None));
        }
        for kernel in Kernel::ALL.into_iter().filter(|kernel| !kernel.runs_here()) {
            let (found, complaint) = choose(Some(kernel.name()));
            assert!(Some(found) == best && complaint.is_some_and(|text| text.contains("lacks")));
        }
        let (found, complaint) = choose(Some("fastest"));
        assert!(Some(found) == best && complaint.is_some_and(|text| text.contains("fastest")));
    }

    #[test]
    fn a_kernel_that_runs_has_what_the_lesser_ones_need() {
        let here: Vec<Kernel> = Kernel::available().collect();
        assert_eq!(here, Kernel::ALL[..here.len()]);
    }
}
