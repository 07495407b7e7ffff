;; Makes the file `made` in the directory that it has, and writes into it: prints the errno.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 512) "made")
  (data (i32.const 1024) "\2200\22")
  (func $write (param $fd i32) (param $ptr i32) (param $len i32) (result i32)
    (i32.store (i32.const 0) (local.get $ptr))
    (i32.store (i32.const 4) (local.get $len))
    (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
  (func (export "_start")
    (local $errno i32)
    ;; Created if it is not there; to be read and written.
    (local.set $errno (call $path_open (i32.const 3) (i32.const 1) (i32.const 512) (i32.const 4)
      (i32.const 1) (i64.const 66) (i64.const 66) (i32.const 0) (i32.const 16)))
    (if (i32.eqz (local.get $errno))
      (then (local.set $errno
        (call $write (i32.load (i32.const 16)) (i32.const 512) (i32.const 4)))))
    (i32.store8 (i32.const 1025)
      (i32.add (i32.const 48) (i32.div_u (local.get $errno) (i32.const 10))))
    (i32.store8 (i32.const 1026)
      (i32.add (i32.const 48) (i32.rem_u (local.get $errno) (i32.const 10))))
    (drop (call $write (i32.const 1) (i32.const 1024) (i32.const 4)))))
