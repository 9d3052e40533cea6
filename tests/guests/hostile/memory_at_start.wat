;; 4 GiB before the first instruction.
(module
  (memory 65536 65536)
  (func (export "f") (result i32) memory.size))
