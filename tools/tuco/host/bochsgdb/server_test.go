package bochsgdb

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A fakeBochs answers debugger commands by a table, in the words of Bochs 2.7.
type fakeBochs struct {
	answers     map[string]string
	interrupted chan struct{}
	commands    chan string
}

const (
	registersText = "CPU0:\nrax: 00000000_00000006\nrbx: 00000000_00000007\nrcx: 00000000_00000000\nrdx: 00000000_0000001d\n" +
		"rsp: ffffffff_80344b68\nrbp: ffffffff_80344bb8\nrsi: 00000000_0000000a\nrdi: 00000000_0000001e\n" +
		"r8 : 00000000_00000008\nr9 : 00000000_00000009\nr10: 00000000_00000010\nr11: 00000000_00000011\n" +
		"r12: 00000000_00000012\nr13: 00000000_00000013\nr14: 00000000_00000014\nr15: 00000000_00000015\n" +
		"rip: ffffffff_80268ca0\neflags 0x00000046: id vip vif ac vm rf nt IOPL=0 of df if tf sf ZF af PF cf\n"
	stoppedText = "(1) Breakpoint 1, 0xffffffff80268ca0 in ?? ()\nNext at t=223038296\n" +
		"(0) [0x000000268ca0] 0008:ffffffff80268ca0 (unk. ctxt): nop ; 90\n(1) [0x00000009f048] 9f00:0048 (unk. ctxt): nop ; 90\n"
)

// start runs a server before a fake Bochs and connects a client to it.
func start(t *testing.T, bochs *fakeBochs) *client {
	t.Helper()
	bochs.interrupted = make(chan struct{}, 1)
	bochs.commands = make(chan string, 100)
	commandsOut, commandsIn := io.Pipe()
	answersOut, answersIn := io.Pipe()
	go func() {
		defer answersIn.Close()
		fmt.Fprint(answersIn, "Bochs x86 Emulator 2.7\nNext at t=0\n(0) [0x0000fffffff0] jmpf\n(1) [0x0000fffffff0] jmpf\n<bochs:1> ")
		lines := bufio.NewScanner(commandsOut)
		for n := 2; lines.Scan(); n++ {
			command := lines.Text()
			bochs.commands <- command
			if command == "q" {
				return
			}
			answer, known := bochs.answers[command]
			if command == "c" && !known { // runs until it is interrupted
				<-bochs.interrupted
				answer = "Next at t=5\n(0) [0x0] nop\n(1) [0x0] nop\n"
			}
			fmt.Fprintf(answersIn, "%s\n%s<bochs:%d> ", command, answer, n)
		}
	}()
	server := New(commandsIn, answersOut, func() error { bochs.interrupted <- struct{}{}; return nil })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		listener.Close()
		commandsIn.Close()
		<-served
	})
	return connect(t, listener.Addr().String())
}

// A client is the other side of the protocol.
type client struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func connect(t *testing.T, address string) *client {
	connection, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { connection.Close() })
	return &client{t, connection, bufio.NewReader(connection)}
}

func (c *client) send(text string) {
	c.t.Helper()
	require.NoError(c.t, writePacket(c, text))
}

func (c *client) receive() string {
	c.t.Helper()
	text, err := readPacket(c.r, c)
	require.NoError(c.t, err)
	return text
}

func (c *client) ask(text string) string {
	c.t.Helper()
	c.send(text)
	return c.receive()
}

func TestServerAnswers(t *testing.T) {
	const address = 0xffffffff80268ffc
	c := start(t, &fakeBochs{answers: map[string]string{
		"r":                         registersText,
		"x /4bx 0xffffffff80268ffc": "[bochs]:\n0xffffffff80268ffc <bogus+       0>:\t0x4c\t0x8d\t0x64\t0x24\n",
		"x /4bx 0xffffffff80269000": "[bochs]:\nbx_dbg_read_linear: physical address not available for linear 0xffffffff80269000\n",
		"blist":                     "Num Type           Disp Enb Address\n  3 lbreakpoint    keep y   0xffffffff80268ca0 \n",
	}})
	assert.Contains(t, c.ask("qSupported:multiprocess+"), "PacketSize=")
	assert.Equal(t, "T05thread:1;", c.ask("?"))
	assert.Equal(t, "m1,2", c.ask("qfThreadInfo"))
	assert.Equal(t, "l", c.ask("qsThreadInfo"))
	assert.Equal(t, "4350552031", c.ask("qThreadExtraInfo,2"))
	assert.Equal(t, "OK", c.ask("T2"))
	assert.Equal(t, "E01", c.ask("T3"))
	assert.Equal(t, "OK", c.ask("Hg2"))
	assert.Equal(t, "QC2", c.ask("qC"))
	assert.Equal(t, "E01", c.ask("Hg9"))

	registers := c.ask("g")
	assert.Len(t, registers, 2*(17*8+4))
	assert.True(t, strings.HasPrefix(registers, "0600000000000000"+"0700000000000000"), "rax, rbx")
	assert.True(t, strings.HasSuffix(registers, "a08c2680ffffffff"+"46000000"), "rip, eflags")

	assert.Equal(t, "4c8d6424", c.ask(fmt.Sprintf("m%x,4", uint64(address))))
	assert.Equal(t, "4c8d6424", c.ask(fmt.Sprintf("m%x,8", uint64(address))), "as far as it is mapped")
	assert.Equal(t, "E01", c.ask(fmt.Sprintf("m%x,4", uint64(address)+4)))
	assert.Equal(t, "E01", c.ask("m1000"))
	assert.Equal(t, "E01", c.ask("m0,ffffff"))
	assert.Equal(t, "E01", c.ask("M1000,1:00"), "Bochs can't")
	assert.Equal(t, "", c.ask("vMustReplyEmpty"))
}

func TestServerTypesCommands(t *testing.T) {
	bochs := &fakeBochs{answers: map[string]string{
		"c":     stoppedText,
		"blist": "Num Type           Disp Enb Address\n  3 lbreakpoint    keep y   0xffffffff80268ca0 \n  4 lbreakpoint    keep y   0x1000 \n",
	}}
	c := start(t, bochs)
	typed := func() string { return <-bochs.commands }

	assert.Equal(t, "OK", c.ask("Z0,ffffffff80268ca0,1"))
	assert.Equal(t, "lb 0xffffffff80268ca0", typed())
	assert.Equal(t, "T05thread:2;", c.ask("vCont;c"), "CPU 1 stopped")
	assert.Equal(t, "c", typed())
	assert.Equal(t, "OK", c.ask("z1,ffffffff80268ca0,1"))
	assert.Equal(t, "blist", typed())
	assert.Equal(t, "d 3", typed())
	assert.Equal(t, "OK", c.ask("P0=f0debc9a78563412"))
	assert.Equal(t, "set $cpu = 1", typed())
	assert.Equal(t, "set rax = 0x123456789abcdef0", typed())
	assert.Equal(t, "T05thread:1;", c.ask("vCont;s:1;c"))
	assert.Equal(t, "set $cpu = 0", typed())
	assert.Equal(t, "s", typed())
}

func TestServerInterruptsARunningMachine(t *testing.T) {
	bochs := &fakeBochs{}
	c := start(t, bochs)
	c.send("c")
	require.Equal(t, "c", <-bochs.commands)
	_, err := io.WriteString(c, interrupt)
	require.NoError(t, err)
	require.Equal(t, "T05thread:1;", c.receive())
}

// A gdb that goes away leaves a running machine without breakpoints, and another may come.
func TestServerOutlivesGDB(t *testing.T) {
	bochs := &fakeBochs{answers: map[string]string{
		"blist": "Num Type           Disp Enb Address\n  7 lbreakpoint    keep y   0x1000 \n",
	}}
	c := start(t, bochs)
	assert.Equal(t, "OK", c.ask("D"))
	for _, want := range []string{"blist", "d 7", "c"} {
		require.Equal(t, want, <-bochs.commands)
	}
	again := connect(t, c.RemoteAddr().String())
	assert.Equal(t, "T05thread:1;", again.ask("?"))
	again.send("k")
	require.Equal(t, "q", <-bochs.commands)
}

func TestServerTellsOfTheEnd(t *testing.T) {
	bochs := &fakeBochs{answers: map[string]string{}}
	c := start(t, bochs)
	c.send("c")
	<-bochs.commands
	_, err := io.WriteString(c, "$c#00") // a wrong checksum, to be sent again
	require.NoError(t, err)
	b, err := c.r.ReadByte()
	for err == nil && b == '+' {
		b, err = c.r.ReadByte()
	}
	require.NoError(t, err)
	require.Equal(t, byte('-'), b)
	_, err = io.WriteString(c, interrupt)
	require.NoError(t, err)
	require.Equal(t, "T05thread:1;", c.receive())
}

func TestReadPacket(t *testing.T) {
	var acknowledged strings.Builder
	text, err := readPacket(bufio.NewReader(strings.NewReader("++$g#67")), &acknowledged)
	require.NoError(t, err)
	assert.Equal(t, "g", text)
	assert.Equal(t, "+", acknowledged.String())
	for _, bad := range []string{"", "$", "$g", "$g#", "$g#6"} {
		_, err := readPacket(bufio.NewReader(strings.NewReader(bad)), io.Discard)
		assert.Error(t, err, "%q", bad)
	}
}
