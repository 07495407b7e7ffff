;; Sends a hundred requests to the authority that it is given without waiting for one, and
;; answers what came of the last.
(module
  ;; PRELUDE
  (func (export "stepwell:task/handler@0.1.0#handle")
    (param $ptr i32) (param $len i32) (result i32)
    (local $count i32)
    (local $future i32)
    (loop $more
      (local.set $future (call $send
        (i32.add (local.get $ptr) (i32.const 1)) (i32.sub (local.get $len) (i32.const 2))))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $count) (i32.const 100))))
    (call $answer (call $await (local.get $future)))))
