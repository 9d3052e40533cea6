//! A process that compiles for another one under a limit of memory has to say that it met the limit. By default Rust
//! aborts then, which looks like any other crash.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_int;
use std::sync::atomic::{AtomicI32, Ordering};

/// 0: leave it to the caller, as every allocator does.
static EXIT_STATUS: AtomicI32 = AtomicI32::new(0);

unsafe extern "C" {
    fn _exit(status: c_int) -> !;
}

/// The system's, but for what happens when there is no memory left.
struct Allocator;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        checked(unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        checked(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        checked(unsafe { System.realloc(block, layout, size) })
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }
}

fn checked(block: *mut u8) -> *mut u8 {
    if block.is_null() {
        exit_if_asked();
    }
    block
}

#[cold]
fn exit_if_asked() {
    let status = EXIT_STATUS.load(Ordering::Relaxed);
    if status != 0 {
        unsafe { _exit(status) }
    }
}

/// From now on the process ends at once, with `status`, when an allocation of the engine fails. `status` is not 0.
#[unsafe(no_mangle)]
pub extern "C" fn engine_sys_exit_when_out_of_memory(status: c_int) {
    EXIT_STATUS.store(status, Ordering::Relaxed);
}
