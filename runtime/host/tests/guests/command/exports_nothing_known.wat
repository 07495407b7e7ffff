;; Has a function, but not one that anybody would call.
(module
  (func (export "main_of_another_world")))
