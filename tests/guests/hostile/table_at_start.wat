;; 80 MB of table before the first instruction.
(module
  (table 10000000 funcref)
  (func (export "f") (result i32) (table.size 0)))
