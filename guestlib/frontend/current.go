package frontend

import (
	"errors"
	"sync"
)

// ErrResuming says that a device is being connected again already.
var ErrResuming = errors.New("the device is being connected again already")

// Current is a driver's connection, of whatever type, which another may replace: after the domain was suspended, the device
// is to be connected anew, and those who use it should not notice.
type Current[Link any] struct {
	mu       sync.Mutex
	link     Link
	replaced chan struct{} // closed when Replace is over; nil unless it runs
}

// Set is for the first one.
func (c *Current[Link]) Set(link Link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link = link
}

// Get is the connection. While it is being replaced, Get waits for that.
func (c *Current[Link]) Get() Link {
	for {
		c.mu.Lock()
		link, replaced := c.link, c.replaced
		c.mu.Unlock()
		if replaced == nil {
			return link
		}
		<-replaced
	}
}

// Replace makes a new connection of the old one. Renew returns one in any case; with an error, one that fails.
func (c *Current[Link]) Replace(renew func(old Link) (Link, error)) error {
	c.mu.Lock()
	if c.replaced != nil {
		c.mu.Unlock()
		return ErrResuming
	}
	old := c.link
	replaced := make(chan struct{})
	c.replaced = replaced
	c.mu.Unlock()

	link, err := renew(old)
	c.mu.Lock()
	c.link, c.replaced = link, nil
	c.mu.Unlock()
	close(replaced)
	return err
}
