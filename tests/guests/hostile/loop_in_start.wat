;; The start function runs before any export can be called, and does not end.
(module
  (func $spin (loop $l br $l))
  (start $spin)
  (func (export "f")))
