// Package fakehost is the management API of a host that does not exist, for tests of clients: guests and volumes are entries of a map.
package fakehost
