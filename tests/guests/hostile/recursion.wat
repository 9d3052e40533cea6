;; Recursion without end: small frames, large frames, and through a table.
(module
  (type $f (func (result i64)))
  (table 1 funcref)
  (elem (i32.const 0) $indirect)
  (func $small (export "small") (result i64) (i64.add (call $small) (i64.const 1)))
  (func $large (export "large") (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64)
    (i64.add
      (call $large (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6)
                   (local.get 7) (local.get 8) (local.get 9) (local.get 10) (local.get 11) (local.get 0))
      (i64.mul (local.get 0) (i64.mul (local.get 1) (local.get 2)))))
  (func $indirect (export "indirect") (type $f)
    (i64.add (call_indirect (type $f) (i32.const 0)) (i64.const 1))))
