;; poll_oneoff with 100,000 subscriptions that are over at once, again and again: work inside the host.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 256)
  (func (export "_start")
    (loop $l (drop (call $poll (i32.const 0) (i32.const 8388608) (i32.const 100000) (i32.const 16777200))) br $l)))
