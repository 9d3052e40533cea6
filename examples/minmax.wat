;; Several functions, and several results at once: {"function": "minmax", "args": [2.5, -1]} answers [-1, 2.5].
(module
  (func $min (export "min") (param $x f64) (param $y f64) (result f64)
    (f64.min (local.get $x) (local.get $y)))
  (func $max (export "max") (param $x f64) (param $y f64) (result f64)
    (f64.max (local.get $x) (local.get $y)))
  (func (export "minmax") (param $x f64) (param $y f64) (result f64 f64)
    (call $min (local.get $x) (local.get $y))
    (call $max (local.get $x) (local.get $y))))
