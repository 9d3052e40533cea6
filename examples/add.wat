;; Two named parameters: call it with [2, 40] or with {"args": {"a": 2, "b": 40}}.
(module
  (func (export "add") (param $a i32) (param $b i32) (result i32)
    (i32.add (local.get $a) (local.get $b))))
