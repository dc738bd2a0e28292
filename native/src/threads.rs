//! The thread pool. It belongs to one process: a forked child finds no threads in it and makes its own.

use std::sync::{Mutex, PoisonError};

use rayon::ThreadPool;

static POOL: Mutex<Option<(u32, &'static ThreadPool)>> = Mutex::new(None);

/// Pools of one thread that nobody uses at the moment, each with the process that made it.
static SINGLE: Mutex<Vec<(u32, ThreadPool)>> = Mutex::new(Vec::new());

/// Run `work` on the pool; all parallel iterators inside it use the pool's threads.
pub fn install<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    match pool() {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// Run `work` on one thread: parallel iterators inside it go one step after the other. For callers that have a thread for
/// each of many pieces of work.
pub fn alone<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    // Pools are made by whoever finds none free, so there are as many as callers at a time.
    let process = std::process::id();
    let free = SINGLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let pool = match free {
        Some((owner, pool)) if owner == process => Some(pool),
        // One inherited through fork has no thread, and dropping it would wait for that.
        inherited => {
            std::mem::forget(inherited);
            rayon::ThreadPoolBuilder::new().num_threads(1).build().ok()
        }
    };
    let Some(pool) = pool else { return work() };
    let result = pool.install(work);
    SINGLE.lock().unwrap_or_else(PoisonError::into_inner).push((process, pool));
    result
}

/// How many threads work; `RAYON_NUM_THREADS` sets it.
pub fn count() -> usize {
    pool().map_or(1, ThreadPool::current_num_threads)
}

/// This process's pool, or None where the system gives us no threads.
fn pool() -> Option<&'static ThreadPool> {
    let mut slot = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if let Some((owner, pool)) = *slot {
        if owner == process {
            return Some(pool);
        }
    }
    // A pool inherited through fork is leaked, not dropped: dropping would wait for threads that are not there.
    let pool: &'static ThreadPool = Box::leak(Box::new(rayon::ThreadPoolBuilder::new().build().ok()?));
    *slot = Some((process, pool));
    Some(pool)
}

/// Processor features that decide how fast field arithmetic can be here.
pub fn cpu_features() -> Vec<&'static str> {
    let mut found = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        macro_rules! probe {
            ($($name:tt),*) => { $( if std::arch::is_x86_feature_detected!($name) { found.push($name); } )* };
        }
        probe!("bmi2", "adx", "avx2", "avx512f", "avx512ifma");
    }
    #[cfg(target_arch = "aarch64")]
    if std::arch::is_aarch64_feature_detected!("neon") {
        found.push("neon");
    }
    found
}
