;; Prints the wall clock, the monotonic clock and eight random bytes, after a sleep of a millisecond.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get"
    (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 512) "0123456789abcdef")
  (data (i32.const 1023) "\22")
  (data (i32.const 1072) "\22")
  (func $print (param $fd i32) (param $ptr i32) (param $len i32)
    (i32.store (i32.const 0) (local.get $ptr))
    (i32.store (i32.const 4) (local.get $len))
    (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
  ;; Writes the eight bytes at $from as sixteen hexadecimal digits at $to.
  (func $hex (param $from i32) (param $to i32)
    (local $at i32)
    (loop $again
      (i32.store8
        (i32.add (local.get $to) (local.get $at))
        (i32.load8_u (i32.add (i32.const 512)
          (i32.and (i32.const 15)
            (i32.shr_u
              (i32.load8_u (i32.add (local.get $from) (i32.shr_u (local.get $at) (i32.const 1))))
              (i32.shl (i32.xor (i32.and (local.get $at) (i32.const 1)) (i32.const 1)) (i32.const 2)))))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $at) (i32.const 16)))))
  (func (export "_start")
    (i32.store (i32.const 80) (i32.const 1))
    (i64.store (i32.const 88) (i64.const 1000000))
    (drop (call $poll_oneoff (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 16)))
    (drop (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 24)))
    (call $hex (i32.const 24) (i32.const 1024))
    (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 24)))
    (call $hex (i32.const 24) (i32.const 1040))
    (drop (call $random_get (i32.const 24) (i32.const 8)))
    (call $hex (i32.const 24) (i32.const 1056))
    (call $print (i32.const 1) (i32.const 1023) (i32.const 50))))
