;; Grows by 1 MiB at a time and writes to all of it, until it gets no more; returns the pages it has.
(module
  (memory 16)
  (func (export "bomb") (result i32)
    (local $page i32)
    (block $full
      (loop $more
        (local.set $page (memory.grow (i32.const 16)))
        (br_if $full (i32.eq (local.get $page) (i32.const -1)))
        (memory.fill (i32.shl (local.get $page) (i32.const 16)) (i32.const 0x5a) (i32.const 1048576))
        (br $more)))
    memory.size))
