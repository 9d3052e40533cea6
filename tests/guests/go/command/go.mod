module example.test/command

go 1.24
