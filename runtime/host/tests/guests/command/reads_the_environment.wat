;; Prints its environment: each variable a line, as a JSON text with spaces for what ends them.
(module
  (import "wasi_snapshot_preview1" "environ_get"
    (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func $print (param $fd i32) (param $ptr i32) (param $len i32)
    (i32.store (i32.const 0) (local.get $ptr))
    (i32.store (i32.const 4) (local.get $len))
    (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (local $at i32)
    (local $end i32)
    (drop (call $environ_sizes_get (i32.const 16) (i32.const 20)))
    (drop (call $environ_get (i32.const 1024) (i32.const 32769)))
    (local.set $at (i32.const 32769))
    (local.set $end (i32.add (local.get $at) (i32.load (i32.const 20))))
    (block $done
      (loop $more
        (br_if $done (i32.eq (local.get $at) (local.get $end)))
        (if (i32.eqz (i32.load8_u (local.get $at)))
          (then (i32.store8 (local.get $at) (i32.const 32))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $more)))
    (i32.store8 (i32.const 32768) (i32.const 34))
    (i32.store8 (local.get $end) (i32.const 34))
    ;; Told as well as answered.
    (call $print (i32.const 2) (i32.const 32768)
      (i32.sub (i32.add (local.get $end) (i32.const 1)) (i32.const 32768)))
    (call $print (i32.const 1) (i32.const 32768)
      (i32.sub (i32.add (local.get $end) (i32.const 1)) (i32.const 32768)))))
