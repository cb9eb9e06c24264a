module tuco

go 1.26
