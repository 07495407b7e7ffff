;; Prints the errno of opening a file, the errno of the first preopened directory, and the
;; numbers of arguments and variables: each one digit, in a JSON array.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get"
    (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 512) "etc/passwd")
  (data (i32.const 1024) "[0,0,0,0]")
  (func $print (param $fd i32) (param $ptr i32) (param $len i32)
    (i32.store (i32.const 0) (local.get $ptr))
    (i32.store (i32.const 4) (local.get $len))
    (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func $digit (param $at i32) (param $value i32)
    (i32.store8 (local.get $at) (i32.add (i32.const 48) (local.get $value))))
  (func (export "_start")
    (call $digit (i32.const 1025)
      (call $path_open (i32.const 3) (i32.const 0) (i32.const 512) (i32.const 10) (i32.const 0)
        (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 16)))
    (call $digit (i32.const 1027) (call $fd_prestat_get (i32.const 3) (i32.const 16)))
    (drop (call $args_sizes_get (i32.const 16) (i32.const 20)))
    (call $digit (i32.const 1029) (i32.load (i32.const 16)))
    (drop (call $environ_sizes_get (i32.const 16) (i32.const 20)))
    (call $digit (i32.const 1031) (i32.load (i32.const 16)))
    (call $print (i32.const 1) (i32.const 1024) (i32.const 9))))
