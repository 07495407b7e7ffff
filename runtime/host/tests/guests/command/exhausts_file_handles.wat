;; Opens the file `there` again and again, and never closes it.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 512) "there")
  (func (export "_start")
    (loop $more
      (br_if $more (i32.eqz
        (call $path_open (i32.const 3) (i32.const 1) (i32.const 512) (i32.const 5) (i32.const 0)
          (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 16)))))
    unreachable))
