;; Sends a GET to the authority that it is given, then one to the authority that the answer's
;; Location names, and answers what came of that.
(module
  ;; PRELUDE
  (data (i32.const 512) "location")
  (func (export "stepwell:task/handler@0.1.0#handle")
    (param $ptr i32) (param $len i32) (result i32)
    (local $location i32)
    (drop (call $await (call $send
      (i32.add (local.get $ptr) (i32.const 1)) (i32.sub (local.get $len) (i32.const 2)))))
    (call $fields-get (call $headers (global.get $response)) (i32.const 512) (i32.const 8)
      (i32.const 256))
    (local.set $location (i32.load (i32.const 256)))
    ;; Between "http://" and "/".
    (call $answer (call $await (call $send
      (i32.add (i32.load (local.get $location)) (i32.const 7))
      (i32.sub (i32.load (i32.add (local.get $location) (i32.const 4))) (i32.const 8)))))))
