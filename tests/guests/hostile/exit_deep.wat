;; proc_exit from a thousand calls deep.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $down (param $depth i32)
    (if (i32.eqz (local.get $depth)) (then (call $exit (i32.const 17))))
    (call $down (i32.sub (local.get $depth) (i32.const 1))))
  (func (export "_start") (call $down (i32.const 1000)))
  (func (export "other") (result i32) (call $down (i32.const 10)) i32.const 1))
