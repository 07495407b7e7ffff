;; A component that exports `stepwell:task/handler`, whose `handle` takes a number and gives it.
(component
  (core module $main
    (func (export "handle") (param i32) (result i32) (local.get 0)))
  (core instance $main (instantiate $main))
  (func $handle (param "input" u32) (result u32) (canon lift (core func $main "handle")))
  (instance $handler (export "handle" (func $handle)))
  (export "stepwell:task/handler@0.1.0" (instance $handler)))
