;; Ends well without a word.
(module
  (memory (export "memory") 2)
  (func (export "_start")
    (nop)))
