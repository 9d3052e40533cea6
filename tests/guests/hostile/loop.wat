;; Loops that never end: without and with calls, by recursion in tail position, and in bulk operations.
(module
  (memory 64)
  (func $leaf)
  (func (export "tight") (loop $l br $l))
  (func (export "calls") (loop $l call $leaf br $l))
  (func $tail (export "tail") return_call $tail)
  (func (export "bulk")
    (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 4194304)) br $l))
  (func (export "quick") (result i32) i32.const 7))
