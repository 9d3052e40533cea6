;; Writes so many times 64 KiB that are no text.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 0) "\00\00\01\00\00\00\01\00")
  (func (export "write") (param $times i32)
    (memory.fill (i32.const 65536) (i32.const 0xff) (i32.const 65536))
    (loop $more
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (br_if $more (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))))
