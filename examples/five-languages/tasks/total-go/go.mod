module total

go 1.24
