;; Begins with 200 MB, writes to all of it, and sleeps so many milliseconds.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 3200)
  (func (export "sleep") (param $millis i64)
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 209715200))
    (i32.store (i32.const 16) (i32.const 1)) ;; the monotonic clock
    (i64.store (i32.const 24) (i64.mul (local.get $millis) (i64.const 1000000)))
    (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))
