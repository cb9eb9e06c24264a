//go:build boot

package qemutests

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/bench"
	"tuco/tools/tuco/host"
)

// deviceLimits is the instructions that operations may cost, with all that works for them: below what Xen takes where that is known, and a quarter more
// than what they take. Instructions are exact, so a test may rely on them.
var deviceLimits = map[string]float64{
	"block: 4 KiB read":                                          40_000, // Xen: 93,000
	"block: 4 KiB written":                                       40_000,
	"block: 1 MiB read at once":                                  800_000, // Xen: 1,250,000
	"block: 1 MiB written at once":                               800_000,
	"network: ping round trip":                                   42_000, // Xen: 100,000
	"network: 1500-byte packet to another guest":                 12_000, // Xen: 65,000
	"network: 64 KiB packet to another guest":                    500_000,
	"xenstore: a guest's read":                                   60_000,
	"xenstore: a guest's transaction of one write":               190_000,
	"xenstore: read, nodes of 10 domains":                        35_000,
	"xenstore: transaction of three writes, nodes of 10 domains": 220_000,
}

// requireBelow requires that a table has rows, and checks that they are below their limits.
func requireBelow(t *testing.T, table bench.Table, operations []string) map[string]float64 {
	t.Helper()
	ticks := map[string]float64{}
	var names []string
	for _, row := range table {
		names = append(names, row.Op)
		ticks[row.Op] = row.Ticks
		require.Positive(t, row.Ticks, row.Op)
		if limit, ok := deviceLimits[row.Op]; ok {
			assert.LessOrEqual(t, row.Ticks, limit, row.Op)
		}
	}
	require.ElementsMatch(t, operations, names)
	return ticks
}

// What a guest's disk, network and store cost with the control domain's back ends.
func TestBenchDevices(t *testing.T) {
	t.Parallel()
	program := filepath.Join(programDir, "iobench.elf")
	spec := controlled(t, host.Spec{ICount: true, Append: "counts stub=on"}, map[string]string{
		"answer": "memory = 64\nkernel = 'iobench.elf'\nextra = 'answer address=10.77.0.12'\nvif = ['ip=10.77.0.12']",
		"bench": "memory = 64\nkernel = 'iobench.elf'\nextra = 'brief disk store address=10.77.0.11 ping=10.77.0.1 send=10.77.0.12'\n" +
			"disk = ['vol:data,xvda,w']\nvif = ['ip=10.77.0.11']",
	}, program)
	spec.Dom0.Args = "volume=data:8"
	o := boot(t, spec)
	require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, o.Console)
	t.Log(o.Console)
	table, err := bench.Parse(bench.ConsoleOf("bench", o.Console))
	require.NoError(t, err)
	requireBelow(t, table, append(bench.DeviceOps(), bench.StoreOps()[:2]...))
	control, err := bench.ParseControl("bench", o.Console)
	require.NoError(t, err)
	requireBelow(t, control, bench.ControlOps())
}

// The store costs with the nodes of a thousand domains hardly more than with those of ten. The collector is left out, whose work grows with the nodes: whether
// it works during so few operations is chance. make bench has it in.
func TestBenchStore(t *testing.T) {
	t.Parallel()
	spec := goProgram(host.Spec{ICount: true, Append: "stub=on"}, "storebench", "brief")
	spec.Dom0.Memory = 192 * host.MiB // nothing is collected
	o := boot(t, spec)
	require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, o.Console)
	t.Log(o.Console)
	table, err := bench.Parse(o.Console)
	require.NoError(t, err)
	ticks := requireBelow(t, table, bench.StoreOps()[2:])
	for _, op := range []string{"read", "transaction of three writes"} {
		few, many := ticks["xenstore: "+op+", nodes of 10 domains"], ticks["xenstore: "+op+", nodes of 1000 domains"]
		assert.Less(t, many, 2*few, op)
	}
}
