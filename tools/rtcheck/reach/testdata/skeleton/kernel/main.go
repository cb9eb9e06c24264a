package main

import (
	"tuco/kernel/crash"
	"tuco/kernel/x"
)

var keep uintptr

func entry()

func start() {
	keep = crash.Keep()
	x.F(3)
}

func main() {}
