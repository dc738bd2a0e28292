//! Ctrl-C and its kin: the end at any moment, but not between two outputs.
//!
//! Until outputs are written a signal ends the process at once. From then on it is only remembered, and whoever writes
//! asks, and takes back what has been done.
#![allow(unsafe_code)] // handlers are set, and run, beneath Rust

use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicU8, Ordering};

const CAUGHT: [libc::c_int; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];
const TOLD: &[u8] = b"error: interrupted; nothing was written\n";
const STANDARD_ERROR: libc::c_int = 2;
const BY_SIGNAL: libc::c_int = 128;

const AT_WORK: u8 = 0;
const WRITING: u8 = 1;
const ENDING: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(AT_WORK);
/// The number of the last signal, or 0.
static SIGNAL: AtomicU8 = AtomicU8::new(0);

/// Catch the signals that end a program at its user's wish, where whoever started it has not said otherwise. A file that
/// may not become so long is an error like a full disk, and not the end, as for Python's programs.
pub fn catch() {
    // SAFETY: to ignore a signal runs no code of ours.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    for signal in CAUGHT {
        let mut before = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: no new action is given, and there is room for the old one, which is read only where it was written (all
        // zeros are one too, of the default handler). The new one has a handler of the right type, which calls nothing
        // but what a handler may call, no flags but that of restarting, and an empty mask.
        unsafe {
            if libc::sigaction(signal, ptr::null(), before.as_mut_ptr()) != 0 {
                continue;
            }
            let mut action = before.assume_init();
            if action.sa_sigaction != libc::SIG_DFL {
                continue;
            }
            action.sa_sigaction = caught as extern "C" fn(libc::c_int) as libc::sighandler_t;
            action.sa_flags = libc::SA_RESTART;
            libc::sigemptyset(&mut action.sa_mask);
            libc::sigaction(signal, &action, ptr::null_mut());
        }
    }
}

/// From here on signals are remembered.
pub fn hold() {
    if STATE.compare_exchange(AT_WORK, WRITING, Ordering::SeqCst, Ordering::SeqCst) == Err(ENDING) {
        // Another thread is about to end the process, and has said that nothing was written.
        loop {
            std::thread::park();
        }
    }
}

/// The signal that has come since, if one has.
pub fn remembered() -> Option<u8> {
    Some(SIGNAL.load(Ordering::SeqCst)).filter(|&signal| signal != 0)
}

extern "C" fn caught(signal: libc::c_int) {
    SIGNAL.store(signal as u8, Ordering::SeqCst);
    if STATE.compare_exchange(AT_WORK, ENDING, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
        // SAFETY: handlers may call both; the bytes are there for good.
        unsafe {
            libc::write(STANDARD_ERROR, TOLD.as_ptr().cast(), TOLD.len());
            libc::_exit(BY_SIGNAL + signal)
        }
    }
}
