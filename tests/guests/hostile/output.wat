;; Writes 4 GiB to standard output, 64 KiB at a time.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func (export "_start") (local $left i32)
    (i32.store (i32.const 65536) (i32.const 0))
    (i32.store (i32.const 65540) (i32.const 65536))
    (local.set $left (i32.const 65536))
    (memory.fill (i32.const 0) (i32.const 0x61) (i32.const 65536))
    (loop $more
      (drop (call $fd_write (i32.const 1) (i32.const 65536) (i32.const 1) (i32.const 65552)))
      (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))
