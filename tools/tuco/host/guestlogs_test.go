package host

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGuestLogs(t *testing.T) {
	dir := t.TempDir()
	g, err := openGuestLogs(dir)
	require.NoError(t, err)
	const console = `db: nobody of that name
level=INFO msg="console attached" guest=web
level=INFO msg="console attached" guest=../x
level=INFO msg="guest created" guest=web domain=1
web: hello
web: db: forged
web: level=INFO msg="console attached" guest=db
web: control: forged
> lis` + erased + `web: beside
> li` + erased + `> lis` + erased + `web: what is typed
> list
> web: typed
> a` + erased + `control: web: said
web    1  running
level=INFO msg="console attached" guest=web
web: again
web: no`
	for i := range len(console) { // however it comes
		_, err := g.Write([]byte{console[i]})
		require.NoError(t, err)
	}
	require.NoError(t, g.close())
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return string(text)
	}
	assert.Equal(t, "hello\ndb: forged\nlevel=INFO msg=\"console attached\" guest=db\ncontrol: forged\nbeside\nwhat is typed\nagain\nno\n", read(GuestLogName("web")))
	assert.Equal(t, `db: nobody of that name
level=INFO msg="console attached" guest=web
level=INFO msg="console attached" guest=../x
level=INFO msg="guest created" guest=web domain=1
> list
> web: typed
control: web: said
web    1  running
level=INFO msg="console attached" guest=web
`, read(ControlLogName))
	all, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, all, 2)
}

func TestLastWord(t *testing.T) {
	for name, test := range map[string]struct{ console, want string }{
		"a word":             {"control: help lists\ncontrol: guest \"g\": there is no room\nguest: exit status 1\n", `guest "g": there is no room`},
		"several":            {"control: guest \"g\" has crashed\nguest \"h\" has crashed\nguest: exit status 1", `guest "g" has crashed; guest "h" has crashed`},
		"another end":        {"control: help lists\nguest: exit status 2\n", ""},
		"it goes on":         {"control: help lists\nguest: exit status 1\ncontrol: all guests have ended\n", ""},
		"no word":            {"> guest: exit\nguest: exit status 1\n", ""},
		"a long one":         {"control: " + strings.Repeat("x", 1000) + "\nguest: exit status 1\n", strings.Repeat("x", 500) + "…"},
		"a guest's own word": {announced + "web\nweb: control: x\nweb: guest: exit status 1\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := openGuestLogs(t.TempDir())
			require.NoError(t, err)
			_, err = g.Write([]byte(test.console))
			require.NoError(t, err)
			require.NoError(t, g.close())
			word, err := g.lastWord()
			require.NoError(t, err)
			assert.Equal(t, test.want, word)
		})
	}
}
