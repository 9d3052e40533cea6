;; A component: its function takes a list and returns a record, and both are JSON to who calls it.
(component
  (core module $m
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 1024))
    ;; Where the caller's list is put: one behind the other, since every call is a fresh instance.
    (func (export "realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at (global.get $free))
      (global.set $free (i32.and (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 7)) (i32.const -8)))
      (block $enough
        (br_if $enough (i32.le_u (global.get $free) (i32.shl (memory.size) (i32.const 16))))
        (drop (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get $size) (i32.const 16))))))
      (local.get $at))
    (func (export "stats") (param $at i32) (param $count i32) (result i32)
      (local $sum f64) (local $left i32)
      (local.set $left (local.get $count))
      (block $done
        (loop $next
          (br_if $done (i32.eqz (local.get $left)))
          (local.set $sum (f64.add (local.get $sum) (f64.load (local.get $at))))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br $next)))
      (f64.store (i32.const 0) (local.get $sum))
      (f64.store (i32.const 8) (f64.div (local.get $sum) (f64.convert_i32_u (local.get $count))))
      (i32.const 0)))
  (core instance $i (instantiate $m))
  (type $summary (record (field "sum" f64) (field "mean" f64)))
  (export $exported "summary" (type $summary))
  (func (export "stats") (param "numbers" (list f64)) (result $exported)
    (canon lift (core func $i "stats") (memory (core memory $i "memory")) (realloc (core func $i "realloc")))))
