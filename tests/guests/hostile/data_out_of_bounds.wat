;; The second data segment ends beyond the memory.
(module
  (memory 1)
  (data (i32.const 0) "fine")
  (data (i32.const 65533) "beyond")
  (func (export "f")))
