# Boots Debian's Linux to u-root's shell, runs commands in it, and powers it off.

name    = "linux"
kernel  = "../out/linux-amd64/vmlinux"
ramdisk = "../out/linux-amd64/initramfs.cpio"
extra   = "console=hvc0"
memory  = 256

timeout = "5m"
never   = ["Kernel panic", r"\bBUG: ", r"\bOops: "]

# A command's line comes back as it is typed: what it answers must look different.
def _run(command, answer):
    return [send(command), expect(answer, within = "2m")]

steps = [
    expect(r"Linux version \d"),
    expect("This is a shell in the guest"),
] + _run("uname -r", r"\d+\.\d+\.\S+-amd64$") + _run("cat /proc/cmdline", r"console=hvc0$") + [
    send("poweroff"),
    end("poweroff"),
]
