module example.test/reactor

go 1.24
