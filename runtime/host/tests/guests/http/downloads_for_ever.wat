;; Reads the answer of the authority that it is given to its end: answers 0, or 1 when it was
;; cut off.
(module
  ;; PRELUDE
  (func (export "stepwell:task/handler@0.1.0#handle")
    (param $ptr i32) (param $len i32) (result i32)
    (local $stream i32)
    (local $mark i32)
    (drop (call $await (call $send
      (i32.add (local.get $ptr) (i32.const 1)) (i32.sub (local.get $len) (i32.const 2)))))
    (call $consume (global.get $response) (i32.const 256))
    (call $body-stream (i32.load (i32.const 260)) (i32.const 264))
    (local.set $stream (i32.load (i32.const 268)))
    (local.set $mark (global.get $top))
    (loop $more
      ;; What was read is not needed any more.
      (global.set $top (local.get $mark))
      (call $read (local.get $stream) (i64.const 65536) (i32.const 272))
      (br_if $more (i32.eqz (i32.load8_u (i32.const 272)))))
    (call $answer (i32.eqz (i32.load8_u (i32.const 276))))))
