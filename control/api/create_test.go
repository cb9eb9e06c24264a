package api

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/api/wire"
	"tuco/control/domains"
)

const webFile = "name = 'web'\nkernel = 'web.elf'\nramdisk = 'web.cpio'\nmemory = 64\n"

func TestCreate(t *testing.T) {
	w := newWorld(t)
	kernel, ramdisk := strings.Repeat("kernel", 50_000), strings.Repeat("files", 30_000)
	kind, body := formOf(t, formPart{"config", webFile}, formPart{"kernel", kernel}, formPart{"ramdisk", ramdisk})
	a, text := w.ask("POST", wire.PathDomains, kind, body)
	require.Equal(t, http.StatusCreated, a.StatusCode, "%s", text)
	assert.Contains(t, string(text), `"name":"web","state":"running"`)
	g := w.guests["web"].Config
	assert.Equal(t, kernel, string(w.images["web "+g.Kernel]))
	assert.Equal(t, ramdisk, string(w.images["web "+g.Ramdisk]))
	w.sweep()
	assert.ElementsMatch(t, []string{g.Kernel, g.Ramdisk}, w.names(), "they stay as long as the guest")

	kind, body = formOf(t, formPart{"config", strings.Replace(webFile, "ramdisk = 'web.cpio'", "", 1)}, formPart{"kernel", kernel})
	assert.Equal(t, `there is a guest "web" already, running; destroy it, or give the new one another name`,
		w.refused(http.StatusConflict, "POST", wire.PathDomains, kind, body))
	other := strings.NewReplacer("ramdisk = 'web.cpio'", "", "'web'", "'other'").Replace(webFile)
	kind, body = formOf(t, formPart{"config", other}, formPart{"kernel", kernel})
	a, text = w.ask("POST", wire.PathDomains, kind, body)
	require.Equal(t, http.StatusCreated, a.StatusCode, "%s", text)
	assert.Len(t, w.names(), 2, "guests of one kernel share it")
	delete(w.guests, "web")
	delete(w.guests, "other")
	w.sweep()
	assert.Empty(t, w.names())
}

// Whatever is wrong with a form, or becomes of it, nothing stays.
func TestCreateRefused(t *testing.T) {
	w := newWorld(t)
	config, kernel, ramdisk := formPart{"config", webFile}, formPart{"kernel", "k"}, formPart{"ramdisk", "r"}
	large := formPart{"kernel", strings.Repeat("k", 4<<20+1)}
	for _, c := range []struct {
		status int
		why    string
		parts  []formPart
	}{
		{http.StatusBadRequest, `the form has no part "config", which has to come next`, nil},
		{http.StatusBadRequest, `the form's part "config" has to come next, not "kernel"`, []formPart{kernel, config}},
		{http.StatusBadRequest, `the form has no part "kernel", which has to come next`, []formPart{config}},
		{http.StatusBadRequest, `the form has no part "ramdisk", which has to come next`, []formPart{config, kernel}},
		{http.StatusBadRequest, `the form's part "ramdisk" has to come next, not "kernel"`, []formPart{config, kernel, kernel}},
		{http.StatusBadRequest, `the form has a part "kernel" too many`, []formPart{config, kernel, ramdisk, kernel}},
		{http.StatusBadRequest, "config.file:4: memory: 0 is too little", []formPart{{"config", strings.Replace(webFile, "64", "0", 1)}, kernel, ramdisk}},
		{http.StatusBadRequest, "config.file:5: the host takes values only", []formPart{{"config", webFile + "extra = 'a' * 1000"}, kernel, ramdisk}},
		{http.StatusBadRequest, "a guest.cfg has at most 65536", []formPart{{"config", webFile + strings.Repeat("#", 1<<16)}, kernel, ramdisk}},
		{http.StatusInsufficientStorage, "the host has room for 4194304: delete volumes", []formPart{config, large, ramdisk}},
		{http.StatusInsufficientStorage, "the host has room for 1: delete volumes", []formPart{config, {"kernel", large.content[2:]}, {"ramdisk", "rr"}}},
	} {
		kind, body := formOf(t, c.parts...)
		assert.Contains(t, w.refused(c.status, "POST", wire.PathDomains, kind, body), c.why)
		assert.Empty(t, w.guests)
		w.sweep()
		assert.Empty(t, w.names(), c.why)
	}

	w.fail(domains.ErrConfig)
	kind, body := formOf(t, config, kernel, ramdisk)
	w.refused(http.StatusBadRequest, "POST", wire.PathDomains, kind, body)
	w.fail(nil)
	w.sweep()
	assert.Empty(t, w.names(), "nor when the guest can't be made")

	assert.Contains(t, w.refused(http.StatusUnsupportedMediaType, "POST", wire.PathDomains, "application/json", strings.NewReader("{}")), "has to be a form")
	assert.Contains(t, w.refused(http.StatusBadRequest, "POST", wire.PathDomains, kind, strings.NewReader("no form")), "the form: ")
	assert.Contains(t, w.refused(http.StatusInsufficientStorage, "POST", wire.PathDomains, kind, bytes.NewReader(make([]byte, 5<<20))), "room for 4194304",
		"before anything of it is read")
}

// What is before a part's content is kept in memory, and so has its bound; what is in it is not, and has none but the room for it.
func TestCreateHeaders(t *testing.T) {
	w := newWorld(t)
	const kind = "multipart/form-data; boundary=b"
	part := func(name, more, content string) string {
		return "--b\r\nContent-Disposition: form-data; name=" + name + "; filename=" + name + ".file\r\n" + more + "\r\n" + content + "\r\n"
	}
	long := func(n int) string { return "X-Long: " + strings.Repeat("x", n) + "\r\n" }
	config, kernel, ramdisk := part("config", "", webFile), part("kernel", "", strings.Repeat("k", 1<<20)), part("ramdisk", "", "r")
	for _, body := range []string{
		part("config", long(1<<16), webFile) + kernel + ramdisk,
		part("config", strings.Repeat(long(100), 500), webFile) + kernel + ramdisk,
		config + part("kernel", long(1<<20), "k") + ramdisk,
		config + kernel + part("ramdisk", long(1<<20), "r"),
		config + kernel + ramdisk + part("more", long(1<<20), ""),
		strings.Repeat("before the form\r\n", 5000) + config + kernel + ramdisk,
	} {
		why := w.refused(http.StatusBadRequest, "POST", wire.PathDomains, kind, strings.NewReader(body+"--b--\r\n"))
		assert.Contains(t, why, "what stands before a part's content has more than 4096 bytes")
	}
	w.sweep()
	assert.Empty(t, w.names())
	a, text := w.ask("POST", wire.PathDomains, kind, strings.NewReader(part("config", long(3000), webFile)+part("kernel", long(3000), strings.Repeat("k", 1<<20))+ramdisk+"--b--\r\n"))
	assert.Equal(t, http.StatusCreated, a.StatusCode, "%s", text)
}

// A client that goes away in the middle of a file leaves nothing.
func TestCreateCut(t *testing.T) {
	w := newWorld(t)
	kind, body := formOf(t, formPart{"config", webFile}, formPart{"kernel", strings.Repeat("k", 1<<20)}, formPart{"ramdisk", "r"})
	whole := body.Bytes()
	for _, n := range []int{10, 200, 1000, 500_000, len(whole) - 3} {
		assert.Contains(t, w.refused(http.StatusBadRequest, "POST", wire.PathDomains, kind, bytes.NewReader(whole[:n])), "the form: ", "%d bytes", n)

		c := w.dial()
		_, err := io.WriteString(c, "POST /v1/domains HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+token+"\r\nContent-Type: "+kind+"\r\nContent-Length: 2000000\r\n\r\n")
		require.NoError(t, err)
		_, err = c.Write(whole[:n])
		require.NoError(t, err)
		require.NoError(t, c.Close())
	}
	w.http.Close() // when all requests have ended
	w.sweep()
	assert.Empty(t, w.names())
	assert.Empty(t, w.guests)
}

// FuzzCreate: whatever a body is, the server answers, and nothing stays that no guest names.
func FuzzCreate(f *testing.F) {
	const boundary = "b"
	seed := func(parts ...formPart) {
		var body bytes.Buffer
		m := multipart.NewWriter(&body)
		require.NoError(f, m.SetBoundary(boundary))
		for _, p := range parts {
			field, err := m.CreateFormField(p.name)
			require.NoError(f, err)
			_, err = io.WriteString(field, p.content)
			require.NoError(f, err)
		}
		require.NoError(f, m.Close())
		f.Add(body.Bytes())
		f.Add(body.Bytes()[:body.Len()/2])
	}
	seed(formPart{"config", webFile}, formPart{"kernel", "k"}, formPart{"ramdisk", "r"})
	seed(formPart{"config", "name='a'\nkernel='k'\nmemory=1\ndisk=['vol:a,xvda']"}, formPart{"kernel", ""})
	seed(formPart{"kernel", "k"})
	seed(formPart{"config", "x = 'a' * 9999"})
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		w.t = t
		r, err := http.NewRequest("POST", w.http.URL+wire.PathDomains, bytes.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Authorization", wire.Bearer+token)
		r.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
		a, err := w.http.Client().Do(r)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, a.Body)
		require.NoError(t, err)
		require.NoError(t, a.Body.Close())
		require.Less(t, a.StatusCode, http.StatusInternalServerError)
		w.mu.Lock()
		made := len(w.guests)
		clear(w.guests)
		w.mu.Unlock()
		require.Equal(t, a.StatusCode == http.StatusCreated, made == 1)
		w.sweep()
		require.Empty(t, w.names())
	})
}
