;; proc_exit from the start function.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $s (call $exit (i32.const 3)))
  (start $s)
  (func (export "_start") unreachable))
