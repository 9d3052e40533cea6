//! What wakes a call that waits. The C++ side polls calls in slices, on whatever thread; timers and connections are
//! tokio's, in one runtime with one thread for all calls, which is started by the first call of a component.

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::{Wake, Waker};

use tokio::runtime::{Builder, Handle, Runtime};

/// One thread: it only tells calls that something has happened.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(4) // for names that are looked up
        .thread_name("wasi")
        .enable_time()
        .enable_io()
        .build()
        .expect("a thread for WASI's timers")
});

pub fn runtime() -> &'static Handle {
    RUNTIME.handle()
}

/// Who is told that a call wants to be polled. Called from any thread.
#[derive(Clone, Copy)]
pub struct Target {
    pub wake: unsafe extern "C" fn(data: *mut c_void),
    pub data: *mut c_void,
}

unsafe impl Send for Target {}

/// Of one call. Timers keep it for longer than the call lives.
pub struct Waking {
    woken: AtomicBool,
    polling: AtomicBool,
    target: Mutex<Option<Target>>,
}

impl Waking {
    pub fn new(target: Target) -> Arc<Self> {
        Arc::new(Waking {
            woken: AtomicBool::new(false),
            polling: AtomicBool::new(false),
            target: Mutex::new(Some(target)),
        })
    }

    /// Runs one poll; whether the call was woken meanwhile, by itself (its slice is used up) or by something else.
    pub fn poll(self: &Arc<Self>, poll: impl FnOnce(&Waker)) -> bool {
        self.polling.store(true, Ordering::SeqCst);
        self.woken.store(false, Ordering::SeqCst);
        poll(&Waker::from(self.clone()));
        self.polling.store(false, Ordering::SeqCst);
        // Who wakes it from here on sees that it is not polled any more.
        self.woken.load(Ordering::SeqCst)
    }

    /// Nobody is told from now on.
    pub fn forget_target(&self) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Wake for Waking {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.woken.swap(true, Ordering::SeqCst) || self.polling.load(Ordering::SeqCst) {
            return;
        }
        let target = self.target.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(target) = *target {
            unsafe { (target.wake)(target.data) };
        }
    }
}
