;; Grows by 1 MiB at a time and writes to every page that it gets, until it gets no more; returns the pages it has.
(module
  (memory 16)
  (func (export "bomb") (result i32)
    (local $page i32) (local $end i32)
    (block $full
      (loop $more
        (local.set $page (memory.grow (i32.const 16)))
        (br_if $full (i32.eq (local.get $page) (i32.const -1)))
        (local.set $end (i32.add (local.get $page) (i32.const 16)))
        (loop $touch
          (i32.store (i32.shl (local.get $page) (i32.const 16)) (i32.const 0x5a5a5a5a))
          (local.set $page (i32.add (local.get $page) (i32.const 1)))
          (br_if $touch (i32.lt_u (local.get $page) (local.get $end))))
        (br $more)))
    memory.size))
