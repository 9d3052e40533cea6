;; A reactor: _initialize must have run, once, before the call.
(module
  (global $ready (mut i32) (i32.const 0))
  (memory (export "memory") 1)
  (func (export "_initialize") (global.set $ready (i32.add (global.get $ready) (i32.const 1))))
  (func (export "ready") (result i32) (global.get $ready))
  (func (export "add") (param $a i32) (param $b i32) (result i32)
    (i32.mul (global.get $ready) (i32.add (local.get $a) (local.get $b)))))
