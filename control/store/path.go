package store

import (
	"strconv"
	"strings"
	"syscall"

	"tuco/hypercall"
)

// Home is a domain's own directory, which relative paths are below.
func Home(domain hypercall.DomID) string { return "/local/domain/" + strconv.Itoa(int(domain)) }

// The paths that are no nodes: watches on them tell of domains that come and go.
const (
	introduceDomain = "@introduceDomain"
	releaseDomain   = "@releaseDomain"
)

func isSpecial(path string) bool { return strings.HasPrefix(path, "@") }

// absolute is the path that a text of the client's means. EINVAL: it means none.
func (c *Client) absolute(text string) (string, syscall.Errno) {
	longest := hypercall.XENSTORE_REL_PATH_MAX
	if strings.HasPrefix(text, "/") {
		longest = hypercall.XENSTORE_ABS_PATH_MAX
	}
	if len(text) > longest || !valid(text) {
		return "", syscall.EINVAL
	}
	if strings.HasPrefix(text, "/") {
		return text, 0
	}
	return c.home + "/" + text, 0
}

// watchable is the same, of a path that may be special.
func (c *Client) watchable(text string) (string, syscall.Errno) {
	if text == introduceDomain || text == releaseDomain {
		return text, 0
	}
	if isSpecial(text) {
		return "", syscall.EINVAL
	}
	return c.absolute(text)
}

// valid tells whether a text is a path, absolute or not: names of certain letters with single slashes between them.
func valid(text string) bool {
	if text == "/" {
		return true
	}
	slash := false
	for i := range len(text) {
		before := slash
		slash = text[i] == '/'
		if !allowed[text[i]] || slash && before {
			return false
		}
	}
	return text != "" && !slash && !isSpecial(text)
}

// allowed are the letters of paths.
var allowed = func() (table [256]bool) {
	for _, letter := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/_@") {
		table[letter] = true
	}
	return table
}()
