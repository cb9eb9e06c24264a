package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// selftest fetches from the server at a port of the loopback, and says what is wrong.
func selftest(port int) error {
	base := "http://localhost:" + strconv.Itoa(port)
	client := &http.Client{Timeout: time.Minute}
	before, err := readMetrics(client, base)
	if err != nil {
		return err
	}
	if err := errors.Join(checkPage(client, base), checkEchoes(client, base), checkRefusal(client, base)); err != nil {
		return err
	}
	after, err := readMetrics(client, base)
	if err != nil {
		return err
	}
	const pages, echoes, metrics = 2, 4, 1
	if n := after["http_requests_total"] - before["http_requests_total"]; n != pages+echoes+metrics {
		return fmt.Errorf("%v requests were counted, want %d", n, pages+echoes+metrics)
	}
	for _, name := range []string{"go_goroutines", "guest_memory_pages", "guest_paging_updates_total"} {
		if after[name] <= 0 {
			return fmt.Errorf("metric %s is %v", name, after[name])
		}
	}
	return errors.Join(checkNames(), checkDeadline())
}

// fetch is what a page has.
func fetch(client *http.Client, url string) (int, string, error) {
	r, err := client.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	return r.StatusCode, string(b), err
}

func checkPage(client *http.Client, base string) error {
	status, text, err := fetch(client, base+"/")
	if err == nil && (status != http.StatusOK || !strings.Contains(text, "A guest of Tuco")) {
		err = fmt.Errorf("page /: status %d, %q", status, text)
	}
	if err != nil {
		return err
	}
	status, _, err = fetch(client, base+"/elsewhere")
	if err == nil && status != http.StatusNotFound {
		err = fmt.Errorf("page /elsewhere: status %d", status)
	}
	return err
}

// checkEchoes sends more than socket buffers hold, on several connections at a time.
func checkEchoes(client *http.Client, base string) error {
	const connections, size = 4, 2 << 20
	results := make(chan error)
	for i := range connections {
		go func() {
			sent := bytes.Repeat([]byte{byte('a' + i)}, size)
			r, err := client.Post(base+"/echo", "application/octet-stream", bytes.NewReader(sent))
			if err != nil {
				results <- err
				return
			}
			defer r.Body.Close()
			got, err := io.ReadAll(r.Body)
			if err == nil && !bytes.Equal(got, sent) {
				err = fmt.Errorf("echo %d: %d bytes came back of %d, or others", i, len(got), size)
			}
			results <- err
		}()
	}
	var err error
	for range connections {
		err = errors.Join(err, <-results)
	}
	return err
}

// checkRefusal connects to where nobody listens.
func checkRefusal(client *http.Client, _ string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	nobody := l.Addr().String()
	l.Close()
	if _, _, err := fetch(client, "http://"+nobody); !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("nobody listens on %s, and the connection's error is %v", nobody, err)
	}
	return nil
}

// checkNames looks up names: this machine's, and one that nobody here knows.
func checkNames() error {
	if a, err := net.LookupHost("localhost"); err != nil || !slices.Contains(a, "127.0.0.1") || !slices.Contains(a, "::1") {
		return fmt.Errorf("localhost: %v, %v", a, err)
	}
	var failed *net.DNSError
	if a, err := net.LookupHost("somewhere.example"); !errors.As(err, &failed) {
		return fmt.Errorf("somewhere.example: %v, %v", a, err)
	}
	return nil
}

// checkDeadline waits in vain, and not for long.
func checkDeadline() error {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		return err
	}
	if _, _, err := c.ReadFrom(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("a read that waits for nothing: %v", err)
	}
	return nil
}

// readMetrics fetches the metrics.
func readMetrics(client *http.Client, base string) (map[string]float64, error) {
	status, text, err := fetch(client, base+"/metrics")
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("page /metrics: status %d", status)
	}
	values := map[string]float64{}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		name, value, _ := strings.Cut(lines.Text(), " ")
		if values[name], err = strconv.ParseFloat(value, 64); err != nil {
			return nil, fmt.Errorf("page /metrics: %q: %w", lines.Text(), err)
		}
	}
	return values, nil
}
