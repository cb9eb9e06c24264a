# Boots a Go program as a guest, and talks to it.

name   = "greeter"
kernel = "../out/programs/greeter.elf"
memory = 64
vcpus  = 2

host_cpus = 2
timeout   = "2m"
never     = [r"\bpanic: ", r"^fatal error: "]

steps = [
    expect(r"go1\.\d+.*, 2 processors"),
    expect("what is your name"),
    send("Ada"),
    expect("hello, Ada", within = "20s"),
    send("bye"),
    expect("goodbye"),
    end("poweroff"),
]
