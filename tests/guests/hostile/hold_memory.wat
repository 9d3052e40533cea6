;; Takes memory, writes to all of it, and keeps it while it sleeps.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  ;; Grows by so many pages and sleeps so many milliseconds; the pages that it had before, or -1 at once.
  (func (export "hold") (param $pages i32) (param $millis i64) (result i32)
    (local $before i32)
    (local.set $before (memory.grow (local.get $pages)))
    (if (i32.ne (local.get $before) (i32.const -1))
      (then
        (memory.fill (i32.const 65536) (i32.const 0x5a) (i32.shl (local.get $pages) (i32.const 16)))
        (i32.store (i32.const 16) (i32.const 1)) ;; the monotonic clock
        (i64.store (i32.const 24) (i64.mul (local.get $millis) (i64.const 1000000)))
        (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))
    local.get $before))
